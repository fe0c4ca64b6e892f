import { Http2Error } from "./errors.ts";
import { defaultFrameBytes, frameHeaderBytes, frameType } from "./frames.ts";

export type OnFrame = (type: number, flags: number, streamId: number, payload: Buffer) => void;

/** Cuts what comes from a socket into frames. */
export class FrameReader {
  readonly #onFrame: OnFrame;
  #rest: Buffer | undefined;
  #isFirst = true;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  /** @throws Http2Error when it is not HTTP/2 */
  read(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#rest) {
      bytes = Buffer.concat([this.#rest, chunk]);
      this.#rest = undefined;
    }
    let at = 0;
    while (bytes.length - at >= frameHeaderBytes) {
      const length = bytes.readUIntBE(at, 3);
      const type = bytes[at + 3] ?? 0;
      if (this.#isFirst) {
        expectSettings(type, bytes);
        this.#isFirst = false;
      }
      if (length > defaultFrameBytes) {
        throw new Http2Error("FRAME_SIZE_ERROR", `a frame of ${length} bytes`);
      }
      const end = at + frameHeaderBytes + length;
      if (end > bytes.length) {
        break;
      }
      const streamId = bytes.readUInt32BE(at + 5) & 0x7fffffff;
      this.#onFrame(type, bytes[at + 4] ?? 0, streamId, bytes.subarray(at + frameHeaderBytes, end));
      at = end;
    }
    if (at < bytes.length) {
      this.#rest = bytes.subarray(at);
    }
  }
}

function expectSettings(type: number, bytes: Buffer): void {
  if (bytes.subarray(0, 5).toString("latin1") === "HTTP/") {
    const line = bytes.toString("latin1").split("\r\n", 1)[0];
    throw new Http2Error("HTTP_1_1_REQUIRED", `"${line}"; try --http 1.1`);
  }
  if (type !== frameType.settings) {
    throw new Http2Error("PROTOCOL_ERROR", "something else than its settings first");
  }
}
