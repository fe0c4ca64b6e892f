import type { RequestHead } from "../transport.ts";
import { flag, frame, frameType, headersFrames, mostFrameBytes } from "./frames.ts";
import type { HpackEncoder } from "./hpack-encoder.ts";
import type { Field } from "./hpack-table.ts";

/** The frames of a request as a connection knows it. */
interface Encoded {
  readonly encoder: HpackEncoder;
  readonly version: number;
  readonly bytes: Buffer;
  /** Where the DATA frame begins; 0 without one. */
  readonly dataAt: number;
}

/** A request whose frames are made once for each connection; then only the stream differs. */
export class PreparedHttp2Request {
  readonly body: Buffer;
  readonly #fields: readonly Field[];
  /** By the connection's number. */
  readonly #encoded: Encoded[] = [];

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

  /** Whether all of the body fits one frame. */
  get isSmall(): boolean {
    return this.body.length <= mostFrameBytes;
  }

  /** The request without its body. */
  headers(encoder: HpackEncoder, streamId: number): Buffer {
    return headersFrames(streamId, encoder.encode(this.#fields), this.body.length === 0);
  }

  /** All of a small request. The result is valid until the next call. */
  frames(encoder: HpackEncoder, connection: number, streamId: number): Buffer {
    const encoded = this.#encoded[connection];
    if (encoded?.encoder !== encoder || encoded.version !== encoder.version) {
      return this.#encode(encoder, connection, streamId);
    }
    const { bytes, dataAt } = encoded;
    bytes.writeUInt32BE(streamId, 5);
    if (dataAt > 0) {
      bytes.writeUInt32BE(streamId, dataAt + 5);
    }
    return bytes;
  }

  #encode(encoder: HpackEncoder, connection: number, streamId: number): Buffer {
    const { version } = encoder;
    const headers = this.headers(encoder, streamId);
    const isWhole = this.body.length === 0;
    const bytes = isWhole
      ? headers
      : Buffer.concat([headers, frame(frameType.data, flag.endStream, streamId, this.body)]);
    // With more than one frame for the headers there would be more places for the stream's number.
    if (encoder.version === version && headers.length <= mostFrameBytes) {
      const dataAt = isWhole ? 0 : headers.length;
      this.#encoded[connection] = { encoder, version, bytes, dataAt };
    }
    return bytes;
  }
}
