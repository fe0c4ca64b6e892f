import type { Receiver, Sending, TransportFailure } from "../transport.ts";
import type { PreparedHttp2Request } from "./prepared.ts";

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
