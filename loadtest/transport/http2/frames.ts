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
  maxFrameSize: 5,
} as const;

export const frameHeaderBytes = 9;
/** The largest frame that every endpoint takes. */
export const defaultFrameBytes = 16_384;
export const defaultWindowBytes = 65_535;
export const largestWindowBytes = 2 ** 31 - 1;
export const lastStreamId = 2 ** 31 - 1;

export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

export function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeaderBytes + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId, 5);
  bytes.set(payload, frameHeaderBytes);
  return bytes;
}

/** A frame whose payload is whole 32-bit numbers: RST_STREAM, WINDOW_UPDATE, GOAWAY. */
export function numberFrame(type: number, streamId: number, ...numbers: number[]): Buffer {
  const payload = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, at) => {
    payload.writeUInt32BE(number, 4 * at);
  });
  return frame(type, 0, streamId, payload);
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
export function headersFrames(streamId: number, block: Buffer, endStream: boolean): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  do {
    const end = Math.min(block.length, at + defaultFrameBytes);
    const flags =
      (end === block.length ? flag.endHeaders : 0) | (at === 0 && endStream ? flag.endStream : 0);
    const type = at === 0 ? frameType.headers : frameType.continuation;
    parts.push(frame(type, flags, streamId, block.subarray(at, end)));
    at = end;
  } while (at < block.length);
  return Buffer.concat(parts);
}
