import type { OutgoingHttpHeaders } from "node:http";
import { Code, ConnectError } from "@connectrpc/connect";

type Plain = Record<string, string | string[] | undefined>;

/** Names and values that web headers would not change or reject. */
const simpleName = /^[a-z][a-z0-9-]*$/;
const simpleValue = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
/** Larger fields become web headers, whose size is checked before they are sent. */
const maxSimpleBytes = 8 * 1024;

/**
 * Fields of the connection and of the body's length, which only the adapter and Node set. HTTP/2 does not
 * allow most of them, and a handler that copies them from another server's response does not mean them.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2
 */
const connectionFields: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-5.5 */
const invalidInValue = /[^\t\x20-\x7e\x80-\xff]/;

/** Max size of a header or of trailers as HPACK counts it; Node sends at most 64 KiB over HTTP/2. */
const maxFieldsBytes = 48 * 1024;
/** HPACK overhead per field. */
const fieldBytes = 32;

/**
 * Headers that become web headers only for more than getting and setting a few fields: a handler that reads
 * one and sets four would spend more time on web headers than on its message.
 */
export class LazyHeaders implements Headers {
  #plain: Plain | undefined;
  /** Whether the object is shared, so that it must be copied before a change. */
  #isShared = true;
  #setBytes = 0;
  #web: Headers | undefined;

  /** @param fields initial fields, which are not changed; Node's pseudo-headers are ignored */
  constructor(fields: Readonly<Plain>) {
    this.#plain = fields;
  }

  /** All fields, which can be sent; undefined once they have become web headers. */
  get plain(): Readonly<Plain> | undefined {
    return this.#plain;
  }

  /** Whether they are known to be the initial fields. */
  get isUnchanged(): boolean {
    return this.#isShared && this.#web === undefined;
  }

  get(name: string): string | null {
    const lower = name.toLowerCase();
    if (this.#plain === undefined || !simpleName.test(lower)) {
      return this.#made().get(name);
    }
    return Object.hasOwn(this.#plain, lower) ? joinValues(this.#plain[lower]) : null;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  set(name: string, value: string): void {
    this.#setBytes += name.length + value.length;
    const isSimple =
      simpleName.test(name) &&
      simpleValue.test(value) &&
      name !== "set-cookie" &&
      !connectionFields.has(name) &&
      this.#setBytes <= maxSimpleBytes;
    if (this.#plain === undefined || !isSimple) {
      this.#made().set(name, value);
    } else if (this.#isShared) {
      this.#plain = { ...this.#plain, [name]: value };
      this.#isShared = false;
    } else {
      this.#plain[name] = value;
    }
  }

  append(name: string, value: string): void {
    this.#made().append(name, value);
  }

  delete(name: string): void {
    this.#made().delete(name);
  }

  getSetCookie(): string[] {
    return this.#made().getSetCookie();
  }

  entries(): ReturnType<Headers["entries"]> {
    return this.#made().entries();
  }

  keys(): ReturnType<Headers["keys"]> {
    return this.#made().keys();
  }

  values(): ReturnType<Headers["values"]> {
    return this.#made().values();
  }

  [Symbol.iterator](): ReturnType<Headers["entries"]> {
    return this.entries();
  }

  forEach(...parameters: Parameters<Headers["forEach"]>): void {
    this.#made().forEach(...parameters);
  }

  #made(): Headers {
    if (this.#web === undefined) {
      this.#web = toWebHeaders(this.#plain ?? {});
      this.#plain = undefined;
    }
    return this.#web;
  }
}

function toWebHeaders(plain: Plain): Headers {
  const web = new Headers();
  for (const [name, value] of Object.entries(plain)) {
    if (value === undefined || name.startsWith(":")) {
      continue;
    }
    for (const one of typeof value === "string" ? [value] : value) {
      web.append(name, one);
    }
  }
  return web;
}

/** Returns a field as one string, with repeated values joined. */
export function joinValues(value: string | string[] | undefined): string | null {
  return typeof value === "string" ? value : value === undefined ? null : value.join(", ");
}

/**
 * Returns headers as Node sends them.
 *
 * @param headers undefined for the initial ones
 * @throws ConnectError when fields can't be sent; these are removed
 */
export function toNodeHeaders(
  headers: Headers | undefined,
  initial: Readonly<Record<string, string>>,
): Readonly<OutgoingHttpHeaders> {
  if (headers === undefined) {
    return initial;
  }
  if (headers instanceof LazyHeaders && headers.plain !== undefined) {
    return headers.plain;
  }
  const problem = dropUnsendable(headers);
  if (problem !== undefined) {
    throw problem;
  }
  const node: OutgoingHttpHeaders = {};
  for (const [name, value] of headers) {
    // Cookies are the only field that is not joined by commas.
    node[name] = name === "set-cookie" ? headers.getSetCookie() : value;
  }
  return node;
}

/** Adds trailers to a header, where Connect has those of unary calls. */
export function addTrailers(header: OutgoingHttpHeaders, trailers: Headers): void {
  for (const [name, value] of Object.entries(toNodeHeaders(trailers, {}))) {
    header[`trailer-${name}`] = value;
  }
}

function isTooLarge(fields: Headers): boolean {
  let bytes = 0;
  for (const [name, value] of fields) {
    bytes += name.length + value.length + fieldBytes;
  }
  return bytes > maxFieldsBytes;
}

/**
 * Removes fields that can't be sent from a response's header or trailers.
 *
 * @returns the error to respond with; undefined when only connection fields were removed, or none
 */
function dropUnsendable(headers: Headers): ConnectError | undefined {
  const invalid: string[] = [];
  for (const [name, value] of [...headers]) {
    if (connectionFields.has(name)) {
      headers.delete(name);
    } else if (invalidInValue.test(value)) {
      headers.delete(name);
      invalid.push(name);
    }
  }
  if (invalid.length > 0) {
    return unsendable(`its field ${invalid.join(", ")} has an invalid character`);
  }
  if (!isTooLarge(headers)) {
    return undefined;
  }
  const largestFirst = [...headers].sort(([, one], [, other]) => other.length - one.length);
  for (const [name] of largestFirst) {
    if (!isTooLarge(headers)) {
      break;
    }
    headers.delete(name);
  }
  return unsendable(`its fields are larger than ${maxFieldsBytes} bytes`);
}

function unsendable(why: string): ConnectError {
  return new ConnectError(`The response can't be sent: ${why}`, Code.Internal);
}
