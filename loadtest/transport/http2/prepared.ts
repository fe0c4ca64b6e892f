import type { RequestHead } from "../transport.ts";
import {
  defaultFrameBytes,
  flag,
  frame,
  frameHeaderBytes,
  frameType,
  headersFrames,
} from "./frames.ts";
import type { HpackEncoder } from "./hpack-encoder.ts";

/** A request whose frames are made once a connection; only the stream's number differs then. */
export class PreparedHttp2Request {
  readonly body: Buffer;
  readonly #fields: readonly (readonly [string, string])[];
  #encoder: HpackEncoder | undefined;
  #version = -1;
  #frames: Buffer = Buffer.alloc(0);
  #dataAt = 0;

  constructor(url: URL, { method, path, fields }: RequestHead, body: Buffer) {
    this.body = body;
    this.#fields = [
      [":method", method],
      [":scheme", url.protocol.slice(0, -1)],
      [":path", path],
      [":authority", url.host],
      ...Object.entries(fields),
    ];
  }

  /** The HEADERS alone, for bodies that must be written in parts. */
  headers(encoder: HpackEncoder, streamId: number): Buffer {
    return headersFrames(streamId, encoder.encode(this.#fields), this.body.length === 0);
  }

  /** All of it, for a body that fits one frame. */
  frames(encoder: HpackEncoder, streamId: number): Buffer {
    if (this.#encoder !== encoder || this.#version !== encoder.version) {
      return this.#encode(encoder, streamId);
    }
    const frames = Buffer.allocUnsafe(this.#frames.length);
    frames.set(this.#frames);
    frames.writeUInt32BE(streamId, 5);
    if (this.#dataAt > 0) {
      frames.writeUInt32BE(streamId, this.#dataAt + 5);
    }
    return frames;
  }

  #encode(encoder: HpackEncoder, streamId: number): Buffer {
    const before = encoder.version;
    const headers = this.headers(encoder, streamId);
    const all =
      this.body.length === 0
        ? headers
        : Buffer.concat([headers, frame(frameType.data, flag.endStream, streamId, this.body)]);
    // What put fields into the table, or is in several frames, is not to be sent again as it is.
    const again = encoder.version === before && headers.length <= defaultFrameBytes;
    this.#encoder = again ? encoder : undefined;
    this.#version = encoder.version;
    this.#frames = all;
    this.#dataAt = this.body.length === 0 ? 0 : headers.length;
    return all;
  }
}

/** Whether a body can be written with its headers, in one frame. */
export function fitsOneFrame(body: Buffer): boolean {
  return body.length <= defaultFrameBytes - frameHeaderBytes;
}
