import type { Socket } from "node:net";
import {
  encodeHeaderBlock,
  errorCode,
  type HeaderFields,
  type ServerStream,
  type StreamReceiver,
} from "@unblock/http2/server";
import {
  callAfterReads,
  type Exchange,
  type ExchangeListener,
  type Fields,
  type Response,
  requestIdFrom,
} from "./exchange.ts";
import { joinValues, LazyHeaders } from "./headers.ts";

const nothing = new Uint8Array(0);

/** An exchange on a connection of this project's HTTP/2. */
export class Http2Exchange implements Exchange, StreamReceiver {
  readonly method: string;
  readonly path: string;
  readonly socket: Socket;
  readonly requestId: string;
  readonly #stream: ServerStream;
  readonly #fields: Plain;
  #listener: ExchangeListener | undefined;
  #isPaused = false;
  /** Bytes for which the caller has no window until `resume`. */
  #unreleasedBytes = 0;
  #isDiscarding = false;
  #isClosed = false;

  constructor(stream: ServerStream, socket: Socket) {
    this.#stream = stream;
    this.socket = socket;
    this.#fields = plainFields(stream.fields);
    this.method = stream.fields.method;
    this.path = stream.fields.path;
    this.requestId = requestIdFrom(this.#fields[requestIdField]);
  }

  get connection(): object {
    return this.socket;
  }

  get url(): string {
    const { scheme, authority } = this.#stream.fields;
    return `${scheme}://${authority}${this.path}`;
  }

  get hasTrailers(): boolean {
    return true;
  }

  get isIncomplete(): boolean {
    return !this.#stream.isRemoteClosed;
  }

  header(name: string): string | null {
    return joinValues(this.#fields[name]);
  }

  headers(): Headers {
    return new LazyHeaders(this.#fields);
  }

  open(listener: ExchangeListener): void {
    this.#listener = listener;
    this.#stream.receive(this);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#stream.release(this.#unreleasedBytes);
    this.#unreleasedBytes = 0;
  }

  discard(): void {
    this.#isDiscarding = true;
    this.resume();
  }

  closeAfterResponse(): void {
    this.#stream.resetAfterResponse();
  }

  cut(): void {
    this.#stream.reset(errorCode.cancel);
    this.#close();
  }

  respond({ status, header, body = nothing, trailer }: Response): void {
    const block = encodeHeader(status, header, this.requestId);
    this.#stream.respond(block, body, encodeTrailer(trailer));
  }

  start(header: Fields): void {
    this.#stream.sendHeader(encodeHeader(200, header, this.requestId));
  }

  write(chunk: Uint8Array): boolean {
    return this.#stream.sendData(chunk);
  }

  end(trailer: Fields | undefined): void {
    if (trailer === undefined) {
      this.#stream.sendData(nothing, true);
    } else {
      this.#stream.sendTrailer(encodeTrailer(trailer));
    }
  }

  // What the connection reports.

  onData(stream: ServerStream, chunk: Buffer): void {
    if (this.#isPaused) {
      this.#unreleasedBytes += chunk.length;
    } else {
      stream.release(chunk.length);
    }
    if (!this.#isDiscarding) {
      this.#listener?.onChunk(chunk);
    }
  }

  onEnd(): void {
    callAfterReads(this);
  }

  afterReads(): void {
    if (!this.#isClosed && !this.#isDiscarding) {
      this.#listener?.onEnd();
    }
  }

  onDrain(): void {
    this.#listener?.onDrain();
  }

  onSent(): void {
    this.#close();
  }

  onAbort(): void {
    this.#close();
  }

  #close(): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#listener?.onClosed(false);
    }
  }
}

type Plain = Readonly<Record<string, string | string[]>>;

/** Fields by name. Requests with equal header blocks share one object. */
class PlainFields {
  readonly byName: Plain;

  constructor({ list }: HeaderFields) {
    const byName: Record<string, string | string[]> = {};
    for (const { name, value } of list) {
      if (!name.startsWith(":")) {
        const before = Object.hasOwn(byName, name) ? byName[name] : undefined;
        byName[name] = before === undefined ? value : [before, value].flat();
      }
    }
    this.byName = byName;
  }
}

function plainFields(fields: HeaderFields): Plain {
  const { memo } = fields;
  if (memo instanceof PlainFields) {
    return memo.byName;
  }
  const made = new PlainFields(fields);
  fields.memo = made;
  return made.byName;
}

const requestIdField = "x-request-id";
/** An HPACK field without its value. */
const requestIdName = encodeHeaderBlock([[requestIdField, ""]]).subarray(0, -1);
/** Longer ids have a length of two bytes. */
const maxShortId = 126;

/** Encoded beginnings of the headers that calls share, up to the value of their request id. */
const sharedHeaders = new WeakMap<Fields, Uint8Array>();
const sharedTrailers = new WeakMap<Fields, Uint8Array>();

function encodeHeader(status: number, header: Fields, requestId: string): Uint8Array {
  const start =
    status === 200 && requestId.length <= maxShortId ? sharedStartOf(header) : undefined;
  if (start === undefined) {
    return encodeHeaderBlock([...fieldsOf(status, header), [requestIdField, requestId]]);
  }
  const block = Buffer.allocUnsafe(start.length + 1 + requestId.length);
  block.set(start);
  block[start.length] = requestId.length;
  block.write(requestId, start.length + 1, "latin1");
  return block;
}

function sharedStartOf(header: Fields): Uint8Array | undefined {
  const known = sharedHeaders.get(header);
  if (known !== undefined || !Object.isFrozen(header)) {
    return known;
  }
  const start = Buffer.concat([encodeHeaderBlock(fieldsOf(200, header)), requestIdName]);
  sharedHeaders.set(header, start);
  return start;
}

function encodeTrailer(trailer: Fields | undefined): Uint8Array {
  if (trailer === undefined) {
    return nothing;
  }
  const known = sharedTrailers.get(trailer);
  if (known !== undefined) {
    return known;
  }
  const block = encodeHeaderBlock(pairsOf(trailer));
  if (Object.isFrozen(trailer)) {
    sharedTrailers.set(trailer, block);
  }
  return block;
}

function fieldsOf(status: number, header: Fields): [name: string, value: string][] {
  return [[":status", String(status)], ...pairsOf(header)];
}

function pairsOf(fields: Fields): [name: string, value: string][] {
  return Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one): [string, string] => [name, String(one)]),
  );
}
