import { Connector } from "./connector.ts";
import type {
  PreparedRequest,
  Receiver,
  RequestHead,
  Sending,
  Transport,
  TransportFailure,
  TransportOptions,
} from "./exchange.ts";
import { closedByClient } from "./failures.ts";
import { Http2Stream, PreparedHttp2Request, type StreamOwner } from "./stream.ts";

/**
 * HTTP/2 over TLS or cleartext ("with prior knowledge"). Requests use the connections in turn and
 * wait in order when none has a free stream. While no connection is up, a request waits for the next
 * attempt to connect, and fails with it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113
 */
export class Http2Transport implements Transport, StreamOwner {
  readonly #url: URL;
  readonly #connectors: readonly Connector[];
  /** Requests that wait for a free stream, in order. */
  readonly #waiting = new Set<Http2Stream>();
  #connecting: PromiseWithResolvers<void> | undefined;
  #nextConnector = 0;
  #attempts = 0;
  #wasUp = false;
  #isClosed = false;

  constructor(options: TransportOptions) {
    this.#url = options.url;
    const events = {
      onUp: () => this.#onUp(),
      onFreeStream: () => this.#sendWaiting(),
      onAttempt: () => ++this.#attempts,
      onAttemptFailed: (attempt: number, failure: TransportFailure) =>
        this.#onAttemptFailed(attempt, failure),
    };
    this.#connectors = Array.from(
      { length: options.connections },
      (_, number) => new Connector(options, number, events),
    );
  }

  async connect(): Promise<void> {
    this.#connecting = Promise.withResolvers();
    this.#start();
    this.#resolveConnecting();
    return this.#connecting.promise;
  }

  prepare(head: RequestHead, body: Buffer): PreparedRequest {
    const request = new PreparedHttp2Request(this.#url, head, body);
    return { send: (receiver, connection) => this.#send(request, receiver, connection) };
  }

  close(): void {
    this.#isClosed = true;
    this.#connecting?.reject(new Error(closedByClient.message));
    for (const connector of this.#connectors) {
      connector.close(closedByClient.message);
    }
    this.#failWaiting(closedByClient);
  }

  /** Cancels a stream that waits. */
  cancel(stream: Http2Stream): void {
    this.#waiting.delete(stream);
  }

  #send(
    request: PreparedHttp2Request,
    receiver: Receiver,
    connection: number | undefined,
  ): Sending {
    const stream = new Http2Stream(request, receiver, this);
    if (this.#isClosed) {
      // Deferred, so that receivers that send again on failure do not recurse.
      setImmediate(() => stream.fail(closedByClient));
    } else if (this.#waiting.size > 0 || !this.#open(stream, connection)) {
      stream.attempt = this.#attempts;
      this.#waiting.add(stream);
      this.#start();
    }
    return stream;
  }

  #start(): void {
    for (const connector of this.#connectors) {
      connector.start();
    }
  }

  /** @returns whether a connection had a free stream */
  #open(stream: Http2Stream, connection?: number): boolean {
    const { length } = this.#connectors;
    const wanted = connection === undefined ? undefined : this.#connectors[connection % length];
    if (wanted?.hasFreeStream) {
      wanted.open(stream);
      return true;
    }
    for (let tried = 0; tried < length; tried++) {
      const connector = this.#connectors[this.#nextConnector];
      this.#nextConnector = this.#nextConnector + 1 === length ? 0 : this.#nextConnector + 1;
      if (connector?.hasFreeStream) {
        connector.open(stream);
        return true;
      }
    }
    return false;
  }

  #sendWaiting(): void {
    if (this.#waiting.size === 0) {
      return;
    }
    for (const stream of this.#waiting) {
      if (!this.#open(stream)) {
        return;
      }
      this.#waiting.delete(stream);
    }
  }

  #onUp(): void {
    this.#wasUp = true;
    this.#resolveConnecting();
    this.#sendWaiting();
  }

  #resolveConnecting(): void {
    if (this.#connectors.every((connector) => connector.isUp)) {
      this.#connecting?.resolve();
    }
  }

  #onAttemptFailed(attempt: number, failure: TransportFailure): boolean {
    if (this.#isClosed) {
      return false;
    }
    this.#connecting?.reject(new Error(failure.message));
    if (!this.#connectors.some((connector) => connector.isUp)) {
      // Requests that came during this attempt wait for the other attempts in progress.
      const isLast = !this.#connectors.some((connector) => connector.isConnecting);
      this.#failWaiting(failure, isLast ? Number.POSITIVE_INFINITY : attempt);
    }
    // Without a request and after a failed `connect`, nobody may need a connection any more.
    return this.#wasUp || this.#waiting.size > 0;
  }

  /** @param beforeAttempt limits the failure to requests that came before this attempt */
  #failWaiting(failure: TransportFailure, beforeAttempt = Number.POSITIVE_INFINITY): void {
    // Receivers may send again from within `fail`.
    for (const stream of [...this.#waiting]) {
      if (stream.attempt >= beforeAttempt) {
        return;
      }
      this.#waiting.delete(stream);
      stream.fail(failure);
    }
  }
}
