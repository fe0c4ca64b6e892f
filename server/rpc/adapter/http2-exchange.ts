import type { OutgoingHttpHeaders } from "node:http";
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { requestIdFrom } from "./caller.ts";
import type { BodyReader, Exchange, Response } from "./exchange.ts";
import { joinValues, LazyHeaders } from "./lazy-headers.ts";
import { RequestBody } from "./request-body.ts";
import { closeOnceAnswered, cutStream } from "./request-timeout.ts";

const withTrailers = { waitForTrailers: true };
const withoutBody = { endStream: true };

/** A request that came as an HTTP/2 stream. */
export class Http2Exchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly stream: ServerHttp2Stream;
  readonly connection: object;
  readonly requestId: string;
  readonly #headers: IncomingHttpHeaders;

  readonly #onLost: (error: unknown) => void;

  /** @param onLost told of trailers that could not be sent */
  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    onLost: (error: unknown) => void,
  ) {
    this.#onLost = onLost;
    this.method = headers[":method"] ?? "";
    this.path = headers[":path"] ?? "";
    this.stream = stream;
    // A stream that has been destroyed has none any more.
    this.connection = stream.session ?? stream;
    this.requestId = requestIdFrom(headers["x-request-id"]);
    this.#headers = headers;
    // A reset shows as an error, too; "close" says all that matters.
    stream.on("error", nothing);
  }

  get socket(): Socket | undefined {
    return this.stream.session?.socket;
  }

  get url(): string {
    const { ":scheme": scheme, ":authority": authority, host } = this.#headers;
    return `${scheme}://${authority ?? host ?? "localhost"}${this.path}`;
  }

  get isCutOff(): boolean {
    return this.stream.closed || this.stream.aborted;
  }

  header(name: string): string | null {
    return joinValues(this.#headers[name]);
  }

  headers(): Headers {
    return new LazyHeaders(this.#headers);
  }

  read(mostBytes: number, reader: BodyReader): RequestBody {
    return new RequestBody(this.stream, mostBytes, reader, () =>
      this.stream.close(constants.NGHTTP2_NO_ERROR),
    );
  }

  onGone(gone: (isOverdue: boolean) => void): void {
    this.stream.on("close", () => {
      gone(false);
      letGo(this.stream);
    });
  }

  closeOnceAnswered(): void {
    closeOnceAnswered(this.stream);
  }

  cut(): void {
    cutStream(this.stream);
  }

  respond({ status, header, body, trailer }: Response): void {
    const { stream } = this;
    if (stream.destroyed || stream.closed) {
      return;
    }
    const fields = toRawHeaders(status, header);
    fields.push("x-request-id", this.requestId);
    if (trailer !== undefined) {
      stream.on("wantTrailers", () => this.#sendTrailers(trailer));
      stream.respond(fields, withTrailers);
      stream.end(body);
    } else if (body === undefined || body.length === 0) {
      stream.respond(fields, withoutBody);
    } else {
      stream.respond(fields);
      stream.end(body);
    }
  }

  /** Node calls it, and a throw would end the process. */
  #sendTrailers(trailer: Readonly<OutgoingHttpHeaders>): void {
    try {
      this.stream.sendTrailers(trailer);
    } catch (error) {
      this.#onLost(error);
      this.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    }
  }
}

/** Names and values in turn, which cost Node less than an object. */
function toRawHeaders(status: number, header: Readonly<OutgoingHttpHeaders>): string[] {
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
  return raw;
}

/**
 * Takes from a stream that has closed what its listeners hold, which is its whole call.
 *
 * Node has a session's streams in a Map. One that grows and shrinks leaves tables behind, and V8 keeps those
 * until a full collection, with the streams that were in them: without this, most calls outlive their answer.
 */
function letGo(stream: ServerHttp2Stream): void {
  // Node's own, which would be told of each of the others.
  stream.removeAllListeners("removeListener");
  stream.removeAllListeners();
}

function nothing(): void {}
