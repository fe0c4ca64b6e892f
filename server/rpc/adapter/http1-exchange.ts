import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { requestIdFrom } from "./caller.ts";
import type { BodyReader, Exchange, Response } from "./exchange.ts";
import { joinValues, LazyHeaders } from "./lazy-headers.ts";
import { RequestBody } from "./request-body.ts";
import { isRequestTimeout } from "./request-timeout.ts";

/** Larger bodies cost more to copy than a write does. */
const mostJoinedBytes = 16 * 1024;

/** A request and its response of Node's HTTP/1.1. */
export class Http1Exchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly stream = undefined;
  readonly requestId: string;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

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

  get isCutOff(): boolean {
    return !this.#request.complete;
  }

  header(name: string): string | null {
    return joinValues(this.#request.headers[name]);
  }

  headers(): Headers {
    return new LazyHeaders(this.#request.headers);
  }

  read(mostBytes: number, reader: BodyReader): RequestBody {
    return new RequestBody(this.#request, mostBytes, reader, () => this.#request.destroy());
  }

  onGone(gone: (isOverdue: boolean) => void): void {
    // The request's own "close" comes as soon as its body is read.
    this.#response.on("close", () => gone(isRequestTimeout(this.#request.socket.errored)));
  }

  closeOnceAnswered(): void {
    this.#response.shouldKeepAlive = false;
  }

  cut(): void {
    // The request is at its end, and to destroy it would do nothing.
    this.#request.socket.destroy();
  }

  respond({ status, header, body }: Response): void {
    this.#response.writeHead(status, { ...header, "x-request-id": this.requestId });
    if (body !== undefined && body.length <= mostJoinedBytes) {
      // Bytes go out in a write of their own; of a text Node makes one with the header.
      const { buffer, byteOffset, byteLength } = body;
      this.#response.end(Buffer.from(buffer, byteOffset, byteLength).toString("latin1"), "latin1");
    } else {
      this.#response.end(body);
    }
  }
}
