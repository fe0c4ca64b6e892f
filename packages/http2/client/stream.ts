import type { Receiver, RequestHead, Sending, TransportFailure } from "./exchange.ts";
import { flag, frame, frameType, headersFrames, maxFrameBytes } from "./frames.ts";
import type { HpackEncoder } from "./hpack-encoder.ts";
import type { Field } from "./hpack-table.ts";

/** Owner of a stream: the transport while the stream waits, then its connection. */
export interface StreamOwner {
  cancel(stream: Http2Stream): void;
}

/** One request and its response. */
export class Http2Stream implements Sending {
  readonly request: PreparedHttp2Request;
  readonly receiver: Receiver;
  owner: StreamOwner;
  /** 0 while the stream waits for a connection. */
  id = 0;
  connection = -1;
  writtenMs = 0;
  /** Number of the newest attempt to connect when the stream began to wait. */
  attempt = 0;
  sendWindow = 0;
  /** Written bytes of the request's body. */
  writtenBytes = 0;
  /** Received bytes of the response's body since the last WINDOW_UPDATE. */
  receivedBytes = 0;
  hasHead = false;
  /** Whether the receiver is not called again. */
  isOver = false;

  constructor(request: PreparedHttp2Request, receiver: Receiver, owner: StreamOwner) {
    this.request = request;
    this.receiver = receiver;
    this.owner = owner;
  }

  get isWritten(): boolean {
    return this.writtenBytes === this.request.body.length;
  }

  cancel(): void {
    if (!this.isOver) {
      this.isOver = true;
      this.owner.cancel(this);
    }
  }

  end(): void {
    if (!this.isOver) {
      this.isOver = true;
      this.receiver.end();
    }
  }

  fail(failure: TransportFailure): void {
    if (!this.isOver) {
      this.isOver = true;
      this.receiver.fail(failure);
    }
  }
}

/** The encoded frames of a request for one connection. */
interface Encoded {
  readonly encoder: HpackEncoder;
  readonly version: number;
  readonly bytes: Buffer;
  /** Offset of the DATA frame; 0 without one. */
  readonly dataAt: number;
}

/** A request whose frames are encoded once per connection; then only the stream id changes. */
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

  /** Whether the body fits one frame. */
  get isSmall(): boolean {
    return this.body.length <= maxFrameBytes;
  }

  /** The request without its body. */
  headers(encoder: HpackEncoder, streamId: number): Buffer {
    return headersFrames(streamId, encoder.encode(this.#fields), this.body.length === 0);
  }

  /** All frames of a small request. The result is valid until the next call. */
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
    // With CONTINUATION frames the stream id would have to be patched in more places.
    if (encoder.version === version && headers.length <= maxFrameBytes) {
      const dataAt = isWhole ? 0 : headers.length;
      this.#encoded[connection] = { encoder, version, bytes, dataAt };
    }
    return bytes;
  }
}
