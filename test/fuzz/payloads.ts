import { gzipSync } from "node:zlib";
import { fromJson, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import type { Target } from "./targets.ts";

/** Description of the bytes of a message; plain data, so that a counterexample can be read. */
export type Payload =
  | { readonly kind: "sample" }
  | { readonly kind: "raw"; readonly bytes: Uint8Array }
  | { readonly kind: "edited"; readonly edits: readonly Edit[] }
  /** Fields in protobuf's binary format, of any number, type and content. */
  | { readonly kind: "fields"; readonly fields: readonly (readonly [tag: number, Uint8Array])[] }
  | { readonly kind: "groups"; readonly depth: number }
  | { readonly kind: "text"; readonly text: string }
  /** A JSON object with the sample's fields, all with this value. */
  | { readonly kind: "values"; readonly value: string }
  | {
      readonly kind: "nested";
      readonly open: string;
      readonly close: string;
      readonly depth: number;
    }
  | { readonly kind: "long"; readonly character: string; readonly times: number }
  | { readonly kind: "gzip"; readonly bytes: Uint8Array };

interface Edit {
  readonly what: "flip" | "cut" | "double";
  /** Position from 0 to 1. */
  readonly at: number;
  readonly byte: number;
}

const oddValues = [
  ...[
    "null",
    "true",
    "[]",
    "{}",
    "-0",
    "1.5",
    "1e400",
    "-1e400",
    "1e-400",
    "0x10",
    "NaN",
    "Infinity",
  ],
  ...["2147483647", "2147483648", "-2147483648", "-2147483649", "9".repeat(400), "1e2", "01", "+1"],
  ...[
    '"NaN"',
    '"Infinity"',
    '"1"',
    '"1e1"',
    '" 1"',
    '"0x1"',
    '""',
    '"\\u0000"',
    '"\\ud800"',
    '"\ufeff"',
  ],
  ...[
    '"\\udc00\\ud800"',
    '"\\x"',
    '"\u2028"',
    '"__proto__"',
    '{"__proto__":1}',
    '"http://["',
    '"//"',
  ],
  ...["undefined", "'x'", "/**/1", "[1,]", '{"a":1,"a":2}', '"\n"', '"'],
];

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

const edit = fc.record({
  what: fc.constantFrom("flip", "cut", "double"),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  byte: fc.integer({ min: 1, max: 255 }),
});

/** Valid and invalid messages. */
export const payloads: fc.Arbitrary<Payload> = fc.oneof(
  fc.record({ kind: fc.constant("sample") }),
  fc.record({ kind: fc.constant("raw"), bytes: bytes(100) }),
  fc.record({ kind: fc.constant("edited"), edits: fc.array(edit, { minLength: 1, maxLength: 4 }) }),
  fc.record({
    kind: fc.constant("fields"),
    fields: fc.array(fc.tuple(fc.nat(63), bytes(20)), { maxLength: 6 }),
  }),
  fc.record({ kind: fc.constant("groups"), depth: fc.constantFrom(1, 99, 101, 100_000) }),
  fc.record({
    kind: fc.constant("text"),
    text: fc.jsonValue().map((value) => JSON.stringify(value)),
  }),
  fc.record({ kind: fc.constant("text"), text: fc.constantFrom(...oddValues) }),
  fc.record({ kind: fc.constant("values"), value: fc.constantFrom(...oddValues) }),
  fc.record({
    kind: fc.constant("values"),
    value: fc.jsonValue().map((value) => JSON.stringify(value)),
  }),
  fc.record({
    kind: fc.constant("nested"),
    open: fc.constantFrom("[", '{"x":', '{"x":['),
    close: fc.constantFrom("]", "}", "]}", ""),
    depth: fc.constantFrom(10, 1_000, 5_000),
  }),
  fc.record({
    kind: fc.constant("long"),
    character: fc.constantFrom("x", "\u00e9", "\u{1f4c8}", "\\u0000", "%", "\\ud800"),
    times: fc.constantFrom(257, 5_000, 30_000),
  }),
  fc.record({ kind: fc.constant("gzip"), bytes: bytes(100) }),
);

/** Makes the bytes of a message for an RPC. */
export function makePayload(payload: Payload, target: Target, isBinary: boolean): Uint8Array {
  const sample = isBinary ? target.binary : Buffer.from(JSON.stringify(target.json));
  switch (payload.kind) {
    case "sample":
      return sample;
    case "raw":
      return payload.bytes;
    case "edited":
      return payload.edits.reduce(applyEdit, sample);
    case "fields":
      return Buffer.concat(
        payload.fields.map(([tag, content]) =>
          Buffer.from([tag, ...((tag & 7) === 2 ? [content.length] : []), ...content]),
        ),
      );
    case "groups":
      return Buffer.alloc(payload.depth, 0x1b);
    case "text":
      return Buffer.from(payload.text);
    case "values":
      return withValues(target, payload.value, isBinary);
    case "nested": {
      const { open, close, depth } = payload;
      return withValues(target, open.repeat(depth) + close.repeat(depth), isBinary);
    }
    case "long": {
      const { character, times } = payload;
      return withValues(target, `"${character.repeat(times)}"`, isBinary);
    }
    case "gzip":
      return gzipSync(payload.bytes.length === 0 ? sample : payload.bytes);
  }
}

function withValues({ json, method }: Target, value: string, isBinary: boolean): Uint8Array {
  const names = [...Object.keys(json), "unknown"];
  const text = `{${names.map((name) => `"${name}":${value}`).join(",")}}`;
  if (isBinary) {
    try {
      const message = fromJson(method.input, JSON.parse(text), { ignoreUnknownFields: true });
      return toBinary(method.input, message);
    } catch {
      // No message has these values, so the text is used as arbitrary bytes.
    }
  }
  return Buffer.from(text);
}

function applyEdit(bytes: Uint8Array, { what, at, byte }: Edit): Uint8Array {
  const index = Math.min(bytes.length - 1, Math.floor(at * bytes.length));
  switch (what) {
    case "flip":
      return bytes.map((value, position) => (position === index ? value ^ byte : value));
    case "cut":
      return bytes.subarray(0, index);
    case "double":
      return Buffer.concat([bytes, bytes.subarray(index)]);
  }
}

/** Parts of the URL of a GET request. */
export interface Query {
  readonly payload: Payload;
  /** Encoding of the message in the URL. */
  readonly writing: "text" | "base64" | "base64url" | "raw";
  readonly parameters: Readonly<Record<string, string | undefined>>;
}

const value = fc.string({ unit: "grapheme" });

export const queries: fc.Arbitrary<Query> = fc.record({
  payload: payloads,
  writing: fc.constantFrom("text", "base64", "base64url", "raw"),
  parameters: fc.record({
    encoding: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom("json", "proto") },
      { weight: 1, arbitrary: fc.oneof(fc.constantFrom("JSON", "xml", undefined), value) },
    ),
    base64: fc.constantFrom("1", "1", "0", "2", "true", undefined),
    compression: fc.constantFrom("gzip", "br", "identity", "zip", undefined, undefined, undefined),
    connect: fc.constantFrom("v1", "v2", "1", "", undefined),
  }),
});

/** Longer messages make a URL too long for the header. */
const maxBytes = 5_000;

export function makeQuery({ payload, writing, parameters }: Query, target: Target): string {
  const whole = makePayload(payload, target, parameters.encoding === "proto");
  const bytes = Buffer.from(whole.subarray(0, maxBytes));
  const message = {
    text: () => encodeURIComponent(bytes.toString().toWellFormed()),
    base64: () => encodeURIComponent(bytes.toString("base64")),
    base64url: () => bytes.toString("base64url"),
    // Can be invalid UTF-8.
    raw: () =>
      bytes
        .toString("hex")
        .replaceAll(/../g, "%$&")
        .slice(0, 3 * 1_000),
  }[writing]();
  const others = Object.entries(parameters).flatMap(([name, text]) =>
    text === undefined ? [] : [`${name}=${encodeURIComponent(text.toWellFormed())}`],
  );
  return [`message=${message}`, ...others].join("&");
}
