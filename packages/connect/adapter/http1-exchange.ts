import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { isRequestTimeout } from "./errors.ts";
import {
  type Exchange,
  type ExchangeListener,
  type Fields,
  type Response,
  readNodeBody,
  requestIdFrom,
} from "./exchange.ts";
import { joinValues, LazyHeaders } from "./headers.ts";

/** Above this size, copying a body costs more than a write of its own. */
const maxJoinedBytes = 16 * 1024;

export class Http1Exchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly requestId: string;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #discard: (() => void) | undefined;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.method = request.method ?? "";
    this.path = request.url ?? "";
    this.requestId = requestIdFrom(request.headers["x-request-id"]);
    this.#request = request;
    this.#response = response;
  }

  get socket(): Socket {
    return this.#request.socket;
  }

  get url(): string {
    const { socket, headers } = this.#request;
    const scheme = "encrypted" in socket ? "https" : "http";
    return `${scheme}://${headers.host ?? "localhost"}${this.path}`;
  }

  get connection(): object {
    return this.#request.socket;
  }

  get hasTrailers(): boolean {
    return false;
  }

  get isIncomplete(): boolean {
    return false;
  }

  header(name: string): string | null {
    return joinValues(this.#request.headers[name]);
  }

  headers(): Headers {
    return new LazyHeaders(this.#request.headers);
  }

  open(listener: ExchangeListener): void {
    const request = this.#request;
    this.#discard = readNodeBody(
      request,
      listener,
      () => {
        if (request.complete) {
          listener.onEnd();
        }
      },
      () => request.destroy(),
    );
    this.#response.on("drain", () => listener.onDrain());
    // The request's own "close" comes as soon as its body is read.
    this.#response.on("close", () => listener.onClosed(isRequestTimeout(request.socket.errored)));
  }

  pause(): void {
    this.#request.pause();
  }

  resume(): void {
    this.#request.resume();
  }

  discard(): void {
    this.#discard?.();
  }

  closeAfterResponse(): void {
    this.#response.shouldKeepAlive = false;
  }

  cut(): void {
    // The request has ended, so destroying it would do nothing.
    this.#request.socket.destroy();
  }

  respond({ status, header, body }: Response): void {
    if (this.#response.destroyed) {
      return;
    }
    this.#writeHead(status, header);
    if (body !== undefined && body.length <= maxJoinedBytes) {
      // Node joins a string with the header in one write, and sends bytes in a second one.
      const { buffer, byteOffset, byteLength } = body;
      this.#response.end(Buffer.from(buffer, byteOffset, byteLength).toString("latin1"), "latin1");
    } else {
      this.#response.end(body);
    }
  }

  start(header: Fields): void {
    if (!this.#response.destroyed) {
      this.#writeHead(200, header);
    }
  }

  write(chunk: Uint8Array): boolean {
    return this.#response.destroyed || this.#response.write(chunk);
  }

  end(): void {
    this.#response.end();
  }

  #writeHead(status: number, header: Fields): void {
    this.#response.writeHead(status, { ...header, "x-request-id": this.requestId });
  }
}
