import type { Socket } from "node:net";
import { vi } from "vitest";
import { flag, frame, frameType, headersFrames } from "../frames.ts";
import { HpackDecoder } from "../hpack-decoder.ts";
import { HpackEncoder } from "../hpack-encoder.ts";
import type { Field } from "../hpack-table.ts";
import { type HeaderFields, requestFieldRules } from "../server/request-fields.ts";
import { FrameReader } from "./frame-reader.ts";

export interface ReceivedFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

const maxHeaderBytes = 64 * 1_024;
const maxHeaderFields = 1_000;
const waitOptions = { timeout: 20_000, interval: 2 };

/** One side of a connection: sends the frames that a test gives it, and keeps all that it gets. */
export class RawPeer {
  readonly socket: Socket;
  readonly frames: ReceivedFrame[] = [];
  /** Chunks that the socket delivered. */
  chunks = 0;
  isClosed = false;
  readonly #encoder = new HpackEncoder();
  readonly #decoder = new HpackDecoder(requestFieldRules, maxHeaderBytes, maxHeaderFields);

  /** @param preface what the other side begins with */
  constructor(socket: Socket, preface?: Uint8Array<ArrayBuffer>) {
    this.socket = socket;
    const reader = new FrameReader((type, flags, streamId, payload) => {
      const received = { type, flags, streamId, payload };
      this.frames.push(received);
      this.onFrame(received);
    }, preface);
    socket.on("data", (chunk: Buffer) => {
      this.chunks++;
      reader.read(chunk);
    });
    socket.on("error", () => {});
    socket.once("close", () => {
      this.isClosed = true;
    });
  }

  /** Called with each frame, for those who respond. */
  protected onFrame(_frame: ReceivedFrame): void {}

  /** Sends all in one write, so that the other side reads them together. */
  write(...frames: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  headers(streamId: number, fields: readonly Field[], endStream = true): Buffer {
    return headersFrames(streamId, this.#encoder.encode(fields), endStream);
  }

  /** Decodes a header block of the other side; all of them must be decoded, in their order. */
  decode(block: Buffer): HeaderFields {
    return this.#decoder.decode(block, 0, block.length);
  }

  async waitFor(matches: (frame: ReceivedFrame) => boolean): Promise<ReceivedFrame> {
    return vi.waitUntil(() => this.frames.find(matches), waitOptions);
  }

  async closed(): Promise<void> {
    await vi.waitUntil(() => this.isClosed, waitOptions);
  }

  /** Frames of one type so far. */
  framesOf(type: number): ReceivedFrame[] {
    return this.frames.filter((received) => received.type === type);
  }

  /** Frames of a stream, as `name` or `name!` with END_STREAM. */
  of(streamId: number): string[] {
    return this.frames
      .filter((received) => received.streamId === streamId)
      .map(({ type, flags }) => {
        const name = Object.entries(frameType).find(([, number]) => number === type)?.[0];
        return `${name}${endsStream({ type, flags }) ? "!" : ""}`;
      });
  }

  body(streamId: number): Buffer {
    return Buffer.concat(
      this.framesOf(frameType.data)
        .filter((received) => received.streamId === streamId)
        .map(({ payload }) => payload),
    );
  }

  /** Resolves when the other side has read all that was written before, or has closed. */
  async ping(): Promise<void> {
    const data = Buffer.from(String(this.frames.length).padStart(8, "p").slice(-8));
    this.write(frame(frameType.ping, 0, 0, data));
    const isResponse = ({ type, payload }: ReceivedFrame) =>
      type === frameType.ping && payload.equals(data);
    await vi.waitUntil(() => this.isClosed || this.frames.some(isResponse), waitOptions);
  }

  /** Error code of the stream's RST_STREAM. */
  async resetOf(streamId: number): Promise<number> {
    const { payload } = await this.waitFor(
      (received) => received.type === frameType.resetStream && received.streamId === streamId,
    );
    return payload.readUInt32BE();
  }

  /** Error code of the last GOAWAY, once the other side has closed. */
  async goAwayCode(): Promise<number | undefined> {
    await this.waitFor(({ type }) => type === frameType.goAway);
    this.socket.end();
    await this.closed();
    return this.framesOf(frameType.goAway).at(-1)?.payload.readUInt32BE(4);
  }

  /** Resolves when the other side has ended the stream or the connection. */
  async ended(streamId: number): Promise<void> {
    const isEnd = (received: ReceivedFrame) =>
      received.streamId === streamId &&
      (received.type === frameType.resetStream || endsStream(received));
    await vi.waitUntil(() => this.isClosed || this.frames.some(isEnd), waitOptions);
  }
}

export function endsStream({ type, flags }: Pick<ReceivedFrame, "type" | "flags">): boolean {
  return type <= frameType.headers && (flags & flag.endStream) !== 0;
}
