import type { ReceivingStream, SendingStream } from "../flow-control.ts";
import type { HpackEncoder } from "../hpack-encoder.ts";
import type { Field } from "../hpack-table.ts";
import type { Receiver, RequestHead, Sending, TransportFailure } from "./exchange.ts";
import { receiveWindowBytes } from "./limits.ts";

/** Owner of a stream: the transport while the stream waits, then its connection. */
export interface StreamOwner {
  cancel(stream: Http2Stream): void;
}

/** One request and its response. */
export class Http2Stream implements Sending, SendingStream, ReceivingStream {
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
  receiveWindow = receiveWindowBytes;
  returnableBytes = 0;
  hasHead = false;
  isRemoteClosed = false;
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

/** The encoded header of a request for one connection. */
interface EncodedHeader {
  readonly encoder: HpackEncoder;
  readonly version: number;
  readonly block: Uint8Array;
}

/** A request whose header is encoded once per connection. */
export class PreparedHttp2Request {
  readonly body: Buffer;
  readonly #fields: readonly Field[];
  /** By the connection's number. */
  readonly #encoded: EncodedHeader[] = [];

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

  /** The header block, to be sent next on the encoder's connection. */
  block(encoder: HpackEncoder, connection: number): Uint8Array {
    const encoded = this.#encoded[connection];
    if (encoded?.encoder === encoder && encoded.version === encoder.version) {
      return encoded.block;
    }
    const { version } = encoder;
    const block = encoder.encode(this.#fields);
    if (encoder.version === version) {
      this.#encoded[connection] = { encoder, version, block };
    }
    return block;
  }
}
