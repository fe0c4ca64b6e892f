import type { Dispatcher } from "undici";
import { failureOf, isClosed } from "../reason.ts";
import type { Fields, Receiver, Sending, TransportFailure } from "../transport.ts";

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What the connection that carries an exchange wants to know, and can do for it. */
export interface Carrier {
  readonly number: number;
  /** Why the server may close the connection without an answer, to be added to the failure. */
  readonly closeHint: string;
  /** The head of the response is here. */
  answered(): void;
  /** The response is at its end. */
  done(): void;
  /** The connection was lost before the request was written. */
  unsent(exchange: Exchange): void;
  /** Closes the connection. */
  cut(): void;
}

/** A request, and how its response comes in. */
export class Exchange implements Sending, Dispatcher.DispatchHandler {
  connection = -1;
  writtenMs = 0;
  readonly #options: Dispatcher.DispatchOptions;
  readonly #receiver: Receiver;
  readonly #waiting: Set<Exchange>;
  #carrier: Carrier | undefined;
  #isAnswered = false;
  #isOver = false;

  /** @param waiting those that wait for a connection; it leaves them when it is cancelled */
  constructor(options: Dispatcher.DispatchOptions, receiver: Receiver, waiting: Set<Exchange>) {
    this.#options = options;
    this.#receiver = receiver;
    this.#waiting = waiting;
  }

  /** Sends the request. */
  begin(dispatcher: Dispatcher, carrier: Carrier): void {
    this.connection = carrier.number;
    this.#carrier = carrier;
    dispatcher.dispatch(this.#options, this);
  }

  cancel(): void {
    this.#waiting.delete(this);
    // HTTP/1.1 can only be told by closing the connection, which may be another's when this is over.
    if (!this.#isOver) {
      this.#isOver = true;
      this.#carrier?.cut();
    }
  }

  fail(failure: TransportFailure): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#receiver.fail(failure);
    }
  }

  onRequestStart(): void {
    this.writtenMs = performance.now();
  }

  onResponseStart(_: unknown, status: number, headers: Headers): void {
    // One of 1xx comes before the response.
    if (this.#isOver || status < 200) {
      return;
    }
    this.#isAnswered = true;
    this.#carrier?.answered();
    this.#receiver.head(status, fieldsOf(headers));
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    if (!this.#isOver) {
      this.#receiver.data(chunk);
    }
  }

  onResponseEnd(_: unknown, trailers: Headers): void {
    if (this.#isOver) {
      return;
    }
    if (Object.keys(trailers).length > 0) {
      this.#receiver.trailers(fieldsOf(trailers));
    }
    // Its receiver may have given it up just now.
    if (!this.#isOver) {
      this.#isOver = true;
      this.#receiver.end();
      this.#carrier?.done();
    }
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.#isOver) {
      return;
    }
    if (this.writtenMs === 0 && isClosed(error)) {
      this.connection = -1;
      this.#carrier?.unsent(this);
    } else {
      this.fail(failureOf(error, this.#isAnswered, this.#carrier?.closeHint));
    }
  }
}

function fieldsOf(headers: Headers): Fields {
  return {
    get: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(", ") : (value ?? null);
    },
  };
}
