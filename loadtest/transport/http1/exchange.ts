import {
  type Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
} from "node:http";
import { closedEarly, failureOf } from "../reason.ts";
import type { Fields, Receiver, Sending, TransportFailure } from "../transport.ts";

/** A request, and how its response comes in. */
export class Exchange implements Sending {
  connection = -1;
  writtenMs = 0;
  readonly #options: RequestOptions;
  readonly #body: Buffer;
  readonly #receiver: Receiver;
  readonly #waiting: Set<Exchange>;
  #request: ClientRequest | undefined;
  #over = false;

  /** @param waiting those that wait for a connection; it leaves them when it is cancelled */
  constructor(options: RequestOptions, body: Buffer, receiver: Receiver, waiting: Set<Exchange>) {
    this.#options = options;
    this.#body = body;
    this.#receiver = receiver;
    this.#waiting = waiting;
  }

  /**
   * Writes the request.
   *
   * @param onAnswer told when the head of the response is here
   */
  begin(agent: Agent, connection: number, onAnswer: () => void): void {
    this.connection = connection;
    this.writtenMs = performance.now();
    const request = httpRequest({ ...this.#options, agent });
    this.#request = request;
    let answered = false;
    request.on("response", (response) => {
      answered = true;
      onAnswer();
      this.#receive(response);
    });
    request.on("error", (error) => this.fail(failureOf(error, answered)));
    // Without an answer and without an error: the server asked for another protocol, say.
    request.on("close", () => this.fail(closedEarly(answered)));
    request.end(this.#body);
  }

  cancel(): void {
    this.#over = true;
    this.#waiting.delete(this);
    // HTTP/1.1 can only be told by closing the connection.
    this.#request?.destroy();
  }

  fail(failure: TransportFailure): void {
    if (!this.#over) {
      this.#over = true;
      this.#receiver.fail(failure);
    }
  }

  #receive(response: IncomingMessage): void {
    if (this.#over) {
      return;
    }
    const receiver = this.#receiver;
    response.on("data", (chunk: Buffer) => {
      if (!this.#over) {
        receiver.data(chunk);
      }
    });
    response.on("end", () => {
      if (this.#over) {
        return;
      }
      if (response.rawTrailers.length > 0) {
        receiver.trailers(fieldsOf(response.trailers));
      }
      // Its receiver may have given it up just now.
      if (!this.#over) {
        this.#over = true;
        receiver.end();
      }
    });
    response.on("error", (error) => this.fail(failureOf(error, true)));
    receiver.head(response.statusCode ?? 0, fieldsOf(response.headers));
  }
}

function fieldsOf(headers: IncomingHttpHeaders): Fields {
  return {
    get: (name) => {
      const value = headers[name];
      return value === undefined ? null : String(value);
    },
  };
}
