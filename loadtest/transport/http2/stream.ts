import type { Receiver, Sending } from "../transport.ts";
import type { PreparedHttp2Request } from "./prepared.ts";

/** Who a stream belongs to while it waits, and while it is open. */
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
  /** How much more of the body the server takes, and how much of it has been written. */
  sendWindow = 0;
  writtenBytes = 0;
  /** Of the response's body, since the server was last told. */
  receivedBytes = 0;
  hasHead = false;

  constructor(request: PreparedHttp2Request, receiver: Receiver, owner: StreamOwner) {
    this.request = request;
    this.receiver = receiver;
    this.owner = owner;
  }

  cancel(): void {
    this.owner.cancel(this);
  }
}
