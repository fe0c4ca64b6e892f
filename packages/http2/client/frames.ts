import type { TransportFailure } from "./exchange.ts";

/** Frame types of HTTP/2. @see https://www.rfc-editor.org/rfc/rfc9113#section-6 */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flag = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;

export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
} as const;

export const frameHeaderBytes = 9;
/** The largest payload that every endpoint accepts; this client sends and accepts no larger one. */
export const maxFrameBytes = 16_384;
/** Initial window of a stream and of a connection. */
export const defaultWindowBytes = 65_535;
export const largestWindowBytes = 2 ** 31 - 1;
/** Window given to the server, for streams and the connection: the server should never wait. */
export const receiveWindowBytes = 2 ** 31 - 1;
export const lastStreamId = 2 ** 31 - 1;

export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** @param payload at most `maxFrameBytes` long */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeaderBytes + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId, 5);
  bytes.set(payload, frameHeaderBytes);
  return bytes;
}

export function windowUpdateFrame(streamId: number, bytes: number): Buffer {
  return frame(frameType.windowUpdate, 0, streamId, numbers(bytes));
}

export function resetStreamFrame(streamId: number, code: ErrorCode): Buffer {
  return frame(frameType.resetStream, 0, streamId, numbers(errorCodeNumber(code)));
}

/** GOAWAY with 0 as the last stream: the server may not open streams. */
export function goAwayFrame(code: ErrorCode): Buffer {
  return frame(frameType.goAway, 0, 0, numbers(0, errorCodeNumber(code)));
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * settings.length);
  settings.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  });
  return frame(frameType.settings, 0, 0, payload);
}

/** HEADERS, followed by CONTINUATION for what does not fit. */
export function headersFrames(streamId: number, block: Uint8Array, endStream: boolean): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  do {
    const end = Math.min(block.length, at + maxFrameBytes);
    const flags =
      (end === block.length ? flag.endHeaders : 0) | (at === 0 && endStream ? flag.endStream : 0);
    const type = at === 0 ? frameType.headers : frameType.continuation;
    parts.push(frame(type, flags, streamId, block.subarray(at, end)));
    at = end;
  } while (at < block.length);
  return Buffer.concat(parts);
}

function numbers(...values: number[]): Buffer {
  const payload = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    payload.writeUInt32BE(value, 4 * index);
  });
  return payload;
}

/** Payload of a DATA or HEADERS frame without its padding. */
export function withoutPadding(flags: number, payload: Buffer): Buffer {
  if (!(flags & flag.padded)) {
    return payload;
  }
  const [padding] = payload;
  if (padding === undefined) {
    throw serverSent("FRAME_SIZE_ERROR", "a padded frame of 0 bytes");
  }
  if (padding >= payload.length) {
    throw serverSent("PROTOCOL_ERROR", "a frame with more padding than payload");
  }
  return payload.subarray(1, payload.length - padding);
}

/** @see https://www.rfc-editor.org/rfc/rfc9113#section-7 */
const errorCodes = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
] as const;
export type ErrorCode = (typeof errorCodes)[number];

export function errorCodeName(code: number): string {
  return errorCodes[code] ?? `error ${code}`;
}

export function errorCodeNumber(code: ErrorCode): number {
  return errorCodes.indexOf(code);
}

/** The server violated HTTP/2. */
export class Http2Error extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** @param what the violation, such as "a PING of 3 bytes" */
export function serverSent(code: ErrorCode, what: string): Http2Error {
  return new Http2Error(code, `The server violated HTTP/2: it sent ${what}`);
}

/** RPC codes for streams that the server reset; "internal" for all others. */
const codesOfReset: Readonly<Record<string, TransportFailure["code"]>> = {
  REFUSED_STREAM: "unavailable",
  CANCEL: "canceled",
  ENHANCE_YOUR_CALM: "resource_exhausted",
};

/** @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors */
export function failureOfReset(errorCode: number): TransportFailure {
  const name = errorCodeName(errorCode);
  return {
    code: codesOfReset[name] ?? "internal",
    message: `The server reset the stream: ${name}`,
  };
}
