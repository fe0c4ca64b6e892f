import {
  type FieldRules,
  joinedValue,
  type ReceivedField,
  staticFieldsOf,
} from "../hpack-decoder.ts";

/** What the connection has to know of a field, found once when the field is read. */
const fieldKind = {
  regular: 0,
  method: 1,
  scheme: 2,
  authority: 3,
  path: 4,
  contentLength: 5,
  host: 6,
  /** Makes the message malformed. */
  invalid: 7,
} as const;

const kindsByName = new Map<string, number>([
  [":method", fieldKind.method],
  [":scheme", fieldKind.scheme],
  [":authority", fieldKind.authority],
  [":path", fieldKind.path],
  ["content-length", fieldKind.contentLength],
  ["host", fieldKind.host],
  // Fields of an HTTP/1.1 connection. @see https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2
  ["connection", fieldKind.invalid],
  ["keep-alive", fieldKind.invalid],
  ["proxy-connection", fieldKind.invalid],
  ["transfer-encoding", fieldKind.invalid],
  ["upgrade", fieldKind.invalid],
]);

/** 1 for each byte of a token in lower case. @see https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 */
const tokenBytes = new Uint8Array(256);
for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
  tokenBytes[character.charCodeAt(0)] = 1;
}

/** Kind that a name alone has. */
function kindOfName(name: string): number {
  const known = kindsByName.get(name);
  if (known !== undefined) {
    return known;
  }
  // A pseudo-header field that requests do not have is no token either.
  for (let at = 0; at < name.length; at++) {
    if (tokenBytes[name.charCodeAt(at)] !== 1) {
      return fieldKind.invalid;
    }
  }
  return name.length === 0 ? fieldKind.invalid : fieldKind.regular;
}

function kindOf(name: string, value: string): number {
  const kind = kindOfName(name);
  const isInvalid =
    !isValue(value) ||
    (kind === fieldKind.contentLength && !/^\d{1,15}$/.test(value)) ||
    (name === "te" && value.toLowerCase() !== "trailers");
  return isInvalid ? fieldKind.invalid : kind;
}

/** @see https://www.rfc-editor.org/rfc/rfc9113#section-8.2.1 */
function isValue(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) {
      return false;
    }
  }
  return !isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(value.length - 1));
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/**
 * Header fields or trailers of one request, in the order they came. Requests whose header blocks are
 * equal byte for byte share one object as long as the HPACK table stays as it is.
 */
export class HeaderFields {
  readonly list: readonly ReceivedField[];
  readonly method: string = "";
  readonly scheme: string = "";
  /** `:authority`, or `host` where there is none. */
  readonly authority: string = "";
  /** "" for CONNECT. */
  readonly path: string = "";
  /** -1 where there is none. */
  readonly contentLength: number = -1;
  /** Why this is no request; undefined when it is one. */
  readonly problem: string | undefined;
  /** Whether these can be trailers. */
  readonly areTrailers: boolean;
  /** Whether fields were left out because they were more than the limits allow. */
  readonly isTooLarge: boolean;
  /** What the handler derived from these fields, such as the route: found once, used for all. */
  memo: unknown;

  /** @see https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1 */
  constructor(list: readonly ReceivedField[], isTooLarge = false) {
    this.list = list;
    this.isTooLarge = isTooLarge;
    let seen = 0;
    let host: string | undefined;
    let problem: string | undefined;
    let hasRegular = false;
    for (const { name, value, kind } of list) {
      if (kind === fieldKind.regular) {
        hasRegular = true;
        continue;
      }
      if (kind === fieldKind.invalid) {
        problem ??= `the field ${JSON.stringify(name)}`;
        hasRegular ||= !name.startsWith(":");
        continue;
      }
      if ((hasRegular && kind <= fieldKind.path) || (seen & (1 << kind)) !== 0) {
        problem ??= `${name} in the wrong place, or twice`;
      }
      hasRegular ||= kind > fieldKind.path;
      switch (kind) {
        case fieldKind.method:
          this.method = value;
          break;
        case fieldKind.scheme:
          this.scheme = value;
          break;
        case fieldKind.authority:
          this.authority = value;
          break;
        case fieldKind.path:
          this.path = value;
          break;
        case fieldKind.host:
          host = value;
          break;
        case fieldKind.contentLength:
          this.contentLength = Number(value);
      }
      seen |= 1 << kind;
    }
    this.areTrailers = problem === undefined && (seen & pseudoFields) === 0;
    if (host !== undefined) {
      if ((seen & (1 << fieldKind.authority)) === 0) {
        this.authority = host;
      } else if (host.toLowerCase() !== this.authority.toLowerCase()) {
        problem ??= "another host than :authority";
      }
    }
    this.problem = problem ?? this.#problemOfTarget(seen);
  }

  #problemOfTarget(seen: number): string | undefined {
    const hasTarget = (seen & targetFields) !== 0;
    if (this.method === "") {
      return "no :method";
    }
    if (this.authority === "" || this.authority.includes("@")) {
      return "no authority, or one with user information";
    }
    if (this.method === "CONNECT") {
      return hasTarget ? "CONNECT with :scheme or :path" : undefined;
    }
    const isPath = this.path.startsWith("/") || (this.path === "*" && this.method === "OPTIONS");
    return this.scheme === "" || !isPath ? "no :scheme, or no :path" : undefined;
  }

  /** Value of a field, or the values joined when there are more; undefined when there is none. */
  get(name: string): string | undefined {
    return joinedValue(this.list, name);
  }
}

const targetFields = (1 << fieldKind.scheme) | (1 << fieldKind.path);
const pseudoFields = targetFields | (1 << fieldKind.method) | (1 << fieldKind.authority);

export const requestFieldRules: FieldRules<HeaderFields> = {
  kindOf,
  staticFields: staticFieldsOf(kindOf),
  createFields: (list, isTooLarge) => new HeaderFields(list, isTooLarge),
};
