import { isConnectionField } from "./sendable-fields.ts";

type Plain = Record<string, string | string[] | undefined>;

/** Names and values that need neither a check nor a change; all others take the long way. */
const simpleName = /^[a-z][a-z0-9-]*$/;
const simpleValue = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
/** Larger ones take the long way, too, on which their size is looked at before they are sent. */
const maxSimpleBytes = 8 * 1024;

/**
 * Web headers that are made only for those who do more with them than get or set a few: a handler that
 * reads one and sets four would spend more on them than on its message.
 */
export class LazyHeaders implements Headers {
  #plain: Plain | undefined;
  /** Whether others have the same object, so that it is copied before it is changed. */
  #isShared = true;
  #setBytes = 0;
  #web: Headers | undefined;

  /** @param fields to begin with; they stay as they are. Node's of HTTP/2 that begin with a colon are no headers */
  constructor(fields: Readonly<Plain>) {
    this.#plain = fields;
  }

  /**
   * All fields, as long as nobody has asked for more than to get and set some that can surely be sent;
   * undefined after that.
   */
  get plain(): Readonly<Plain> | undefined {
    return this.#plain;
  }

  /** Whether they are surely the fields that they began with. */
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
      !isConnectionField(name) &&
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

/** A field as one text; those that occur more than once are joined. */
export function joinValues(value: string | string[] | undefined): string | null {
  return typeof value === "string" ? value : value === undefined ? null : value.join(", ");
}
