import { type ErrorCode, errorCodeNumber } from "./errors.ts";

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
