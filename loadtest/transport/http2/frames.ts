import type { TransportFailure } from "../transport.ts";

/** HTTP/2's frames. @see https://www.rfc-editor.org/rfc/rfc9113#section-6 */
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
/** The largest payload that every endpoint takes. We ask for no more, and send no more. */
export const mostFrameBytes = 16_384;
/** What may be sent, on a stream and on a connection, before the peer says otherwise. */
export const defaultWindowBytes = 65_535;
export const largestWindowBytes = 2 ** 31 - 1;
/** What the server may send ahead, on a stream and on the connection: it is never to wait for us. */
export const receiveWindowBytes = 2 ** 31 - 1;
export const lastStreamId = 2 ** 31 - 1;

export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** @param payload not longer than `mostFrameBytes` */
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

/** The last stream of the server's that we took is 0: it may not begin any. */
export function goAwayFrame(code: ErrorCode): Buffer {
  return frame(frameType.goAway, 0, 0, numbers(0, errorCodeNumber(code)));
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * settings.length);
  settings.forEach(([id, value], at) => {
    payload.writeUInt16BE(id, 6 * at);
    payload.writeUInt32BE(value, 6 * at + 2);
  });
  return frame(frameType.settings, 0, 0, payload);
}

/** HEADERS, and CONTINUATION for what one frame can't hold. */
export function headersFrames(streamId: number, block: Uint8Array, endStream: boolean): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  do {
    const end = Math.min(block.length, at + mostFrameBytes);
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
  values.forEach((value, at) => {
    payload.writeUInt32BE(value, 4 * at);
  });
  return payload;
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

/** What the server sent is not HTTP/2. The message is for people. */
export class Http2Error extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** @param what what breaks the rules, such as "a PING of 3 bytes" */
export function serverSent(code: ErrorCode, what: string): Http2Error {
  return new Http2Error(code, `The server broke HTTP/2: it sent ${what}`);
}

/**
 * What it means that the server reset a stream.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors
 */
export function failureOfReset(errorCode: number): TransportFailure {
  const name = errorCodeName(errorCode);
  return { code: codeOf(name), message: `The server reset the stream: ${name}` };
}

function codeOf(name: string): TransportFailure["code"] {
  switch (name) {
    case "REFUSED_STREAM":
      return "unavailable";
    case "CANCEL":
      return "canceled";
    case "ENHANCE_YOUR_CALM":
      return "resource_exhausted";
    default:
      return "internal";
  }
}

/** What a DATA or HEADERS frame carries. */
export function withoutPadding(flags: number, payload: Buffer): Buffer {
  if (!(flags & flag.padded)) {
    return payload;
  }
  const [padding] = payload;
  if (padding === undefined) {
    throw serverSent("FRAME_SIZE_ERROR", "a padded frame of 0 bytes");
  }
  if (padding >= payload.length) {
    throw serverSent("PROTOCOL_ERROR", "a frame with more padding than there is frame");
  }
  return payload.subarray(1, payload.length - padding);
}
