import { FrameParser } from "../frame-parser.ts";

/** A frame as a test receives it. */
export type OnFrame = (type: number, flags: number, streamId: number, payload: Buffer) => void;

/** Splits received bytes into frames for a test. */
export class FrameReader {
  readonly #parser: FrameParser;

  /** @param preface what the other side begins with */
  constructor(onFrame: OnFrame, preface = new Uint8Array(0)) {
    this.#parser = new FrameParser(
      {
        onFrame: (type, flags, streamId, bytes, start, end) =>
          onFrame(type, flags, streamId, bytes.subarray(start, end)),
      },
      preface,
    );
  }

  read(chunk: Buffer): void {
    this.#parser.push(chunk);
  }
}
