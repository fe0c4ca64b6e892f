import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import {
  callAfterReads,
  type Exchange,
  type ExchangeListener,
  type Fields,
  type Response,
  readNodeBody,
  requestIdFrom,
} from "./exchange.ts";
import { joinValues, LazyHeaders } from "./headers.ts";

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants;
const { NGHTTP2_STREAM_STATE_OPEN, NGHTTP2_STREAM_STATE_HALF_CLOSED_LOCAL } = constants;
const withTrailers = { waitForTrailers: true };
const withoutBody = { endStream: true };

/** An exchange on a connection of node:http2. */
export class NodeHttp2Exchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly connection: object;
  readonly requestId: string;
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #onLost: (error: unknown) => void;
  #listener: ExchangeListener | undefined;
  #discard: (() => void) | undefined;
  #trailer: Fields | undefined;

  /** @param onLost receives why trailers could not be sent */
  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    onLost: (error: unknown) => void,
  ) {
    this.#onLost = onLost;
    this.method = headers[":method"] ?? "";
    this.path = headers[":path"] ?? "";
    this.#stream = stream;
    // A destroyed stream has no session.
    this.connection = stream.session ?? stream;
    this.requestId = requestIdFrom(headers["x-request-id"]);
    this.#headers = headers;
    // A reset emits an error as well as "close", which suffices.
    stream.on("error", nothing);
  }

  get socket(): Socket | undefined {
    return this.#stream.session?.socket;
  }

  get url(): string {
    const { ":scheme": scheme, ":authority": authority, host } = this.#headers;
    return `${scheme}://${authority ?? host ?? "localhost"}${this.path}`;
  }

  get hasTrailers(): boolean {
    return true;
  }

  get isIncomplete(): boolean {
    return this.#stream.state.state === NGHTTP2_STREAM_STATE_OPEN || this.#hasResponded;
  }

  /** Whether the whole response is sent, and the end of the request is missing. */
  get #hasResponded(): boolean {
    return this.#stream.state.state === NGHTTP2_STREAM_STATE_HALF_CLOSED_LOCAL;
  }

  header(name: string): string | null {
    return joinValues(this.#headers[name]);
  }

  headers(): Headers {
    return new LazyHeaders(this.#headers);
  }

  open(listener: ExchangeListener): void {
    const stream = this.#stream;
    this.#listener = listener;
    this.#discard = readNodeBody(
      stream,
      listener,
      () => callAfterReads(this),
      () => stream.close(NGHTTP2_NO_ERROR),
    );
    stream.on("close", () => {
      listener.onClosed(false);
      releaseCall(stream);
    });
  }

  afterReads(): void {
    if (!this.#stream.closed && !this.#stream.aborted) {
      this.#listener?.onEnd();
    }
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  discard(): void {
    this.#discard?.();
  }

  /** @see https://www.rfc-editor.org/rfc/rfc9113#section-8.1 */
  closeAfterResponse(): void {
    const close = () => {
      // A reset would replace trailers that are not sent yet.
      if (this.#hasResponded) {
        this.cut();
      }
    };
    this.#stream.once("finish", close);
    // The trailers are only submitted at this event; Node writes them in a later turn.
    this.#stream.once("wantTrailers", () => setImmediate(() => setImmediate(close)));
  }

  /** Also drops what is not read. */
  cut(): void {
    // Without an error code the stream would wait for a caller that does not take its response.
    this.#stream.close(this.#hasResponded ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL);
    this.#stream.destroy();
  }

  respond({ status, header, body, trailer }: Response): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) {
      return;
    }
    const fields = this.#toRawHeaders(status, header);
    if (trailer !== undefined) {
      this.#respondWithTrailers(fields);
      this.#trailer = trailer;
      stream.end(body);
    } else if (body === undefined || body.length === 0) {
      stream.respond(fields, withoutBody);
    } else {
      stream.respond(fields);
      stream.end(body);
    }
  }

  start(header: Fields): void {
    const stream = this.#stream;
    if (!stream.destroyed && !stream.closed) {
      stream.on("drain", () => this.#listener?.onDrain());
      this.#respondWithTrailers(this.#toRawHeaders(200, header));
    }
  }

  write(chunk: Uint8Array): boolean {
    return this.#stream.destroyed || this.#stream.write(chunk);
  }

  end(trailer: Fields | undefined): void {
    this.#trailer = trailer;
    this.#stream.end();
  }

  #respondWithTrailers(fields: string[]): void {
    this.#stream.on("wantTrailers", () => this.#sendTrailers());
    this.#stream.respond(fields, withTrailers);
  }

  /** Called by Node, where an error would end the process. */
  #sendTrailers(): void {
    try {
      this.#stream.sendTrailers({ ...this.#trailer });
    } catch (error) {
      this.#onLost(error);
      this.#stream.close(NGHTTP2_INTERNAL_ERROR);
    }
  }

  /** Returns alternating names and values, which cost Node less than an object. */
  #toRawHeaders(status: number, header: Fields): string[] {
    const raw = [":status", String(status)];
    for (const name in header) {
      const value = header[name];
      if (Array.isArray(value)) {
        for (const one of value) {
          raw.push(name, one);
        }
      } else {
        raw.push(name, String(value));
      }
    }
    raw.push("x-request-id", this.requestId);
    return raw;
  }
}

/**
 * Removes the listeners of a closed stream, which hold its whole call.
 *
 * Node keeps a session's streams in a Map. A Map that grows and shrinks leaves tables behind, which V8 keeps
 * until a full collection, with the streams that were in them: without this, most calls would outlive their
 * response.
 */
function releaseCall(stream: ServerHttp2Stream): void {
  // Node's own listener first, which would be called for each of the others.
  stream.removeAllListeners("removeListener");
  stream.removeAllListeners();
}

function nothing(): void {}
