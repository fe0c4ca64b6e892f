/** Frame types. @see https://www.rfc-editor.org/rfc/rfc9113#section-6 */
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

/** Settings. @see https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2 */
export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  /** @see https://www.rfc-editor.org/rfc/rfc9218#section-2.1 */
  noRfc7540Priorities: 9,
} as const;

export const frameHeaderBytes = 9;
/** Largest payload that every endpoint accepts. Both roles ask for no more and send no more. */
export const maxFrameBytes = 16_384;
export const maxStreamId = 2 ** 31 - 1;
/** Initial window of a stream and of a connection. */
export const defaultWindowBytes = 65_535;
export const maxWindowBytes = 2 ** 31 - 1;

/** What a client's connection begins with. */
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

/** @param code of `errorCode` */
export function resetStreamFrame(streamId: number, code: number): Buffer {
  return frame(frameType.resetStream, 0, streamId, numbers(code));
}

/**
 * @param lastStreamId last stream of the peer that was or might be handled
 * @param code of `errorCode`
 */
export function goAwayFrame(lastStreamId: number, code: number, debugData = ""): Buffer {
  const payload = Buffer.concat([numbers(lastStreamId, code), Buffer.from(debugData, "latin1")]);
  return frame(frameType.goAway, 0, 0, payload);
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * settings.length);
  settings.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  });
  return frame(frameType.settings, 0, 0, payload);
}

export const settingsAck = frame(frameType.settings, flag.ack, 0, Buffer.alloc(0));

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

/** Reads a number of 31 bits, such as a stream's; the bit before it is ignored. Faster than Buffer's methods. */
export function readUint31(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) & 0x7f) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)
  );
}

function numbers(...values: number[]): Buffer {
  const payload = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    payload.writeUInt32BE(value, 4 * index);
  });
  return payload;
}
