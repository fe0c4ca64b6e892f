import type { Receiver, RequestHead, Sending, TransportFailure } from "../transport.ts";
import { flag, frame, frameType, headersFrames, mostFrameBytes } from "./frames.ts";
import type { HpackEncoder } from "./hpack-encoder.ts";
import type { Field } from "./hpack-table.ts";

/** Who a stream belongs to while it waits, and then while it is open. */
export interface StreamOwner {
  cancel(stream: Http2Stream): void;
}

/** One request and its response. */
export class Http2Stream implements Sending {
  readonly request: PreparedHttp2Request;
  readonly receiver: Receiver;
  owner: StreamOwner;
  /** 0 while it waits for a connection. */
  id = 0;
  connection = -1;
  writtenMs = 0;
  /** While it waits: the newest attempt to connect when it came. */
  attempt = 0;
  /** How much more of the body the server takes, and how much of it has been written. */
  sendWindow = 0;
  writtenBytes = 0;
  /** Of the response's body, since the server was last told that it may send more. */
  receivedBytes = 0;
  hasHead = false;
  /** Its receiver hears no more. */
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
