import type { OutgoingHttpHeaders } from "node:http";
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { type Exchange, type Response, requestIdFrom } from "./exchange.ts";
import { joinValues, LazyHeaders } from "./headers.ts";
import { afterReads, closeAfterResponse, cutStream, isIncomplete } from "./http2-streams.ts";
import { type BodyReader, RequestBody } from "./request-body.ts";

const withTrailers = { waitForTrailers: true };
const withoutBody = { endStream: true };

export class Http2Exchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly connection: object;
  readonly requestId: string;
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #onLost: (error: unknown) => void;

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
    return isIncomplete(this.#stream);
  }

  get isCutOff(): boolean {
    return this.#stream.closed || this.#stream.aborted;
  }

  header(name: string): string | null {
    return joinValues(this.#headers[name]);
  }

  headers(): Headers {
    return new LazyHeaders(this.#headers);
  }

  read(maxBytes: number, reader: BodyReader): RequestBody {
    return new RequestBody(this.#stream, maxBytes, reader, () =>
      this.#stream.close(constants.NGHTTP2_NO_ERROR),
    );
  }

  deliver(body: Uint8Array, reader: BodyReader): void {
    afterReads(() => reader.onDelivered(body));
  }

  onClosed(closed: (isOverdue: boolean) => void): void {
    this.#stream.on("close", () => {
      closed(false);
      releaseCall(this.#stream);
    });
  }

  closeAfterResponse(): void {
    closeAfterResponse(this.#stream);
  }

  cut(): void {
    cutStream(this.#stream);
  }

  respond({ status, header, body, trailer }: Response): void {
    const stream = this.#stream;
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

  /** Called by Node, where an error would end the process. */
  #sendTrailers(trailer: Readonly<OutgoingHttpHeaders>): void {
    try {
      this.#stream.sendTrailers(trailer);
    } catch (error) {
      this.#onLost(error);
      this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    }
  }
}

/** Returns alternating names and values, which cost Node less than an object. */
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
