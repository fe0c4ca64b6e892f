import fc from "fast-check";
import { makePayload, type Payload, payloads } from "./payloads.ts";
import type { Target } from "./targets.ts";

/** The parts of a GET's URL. */
export interface Query {
  readonly payload: Payload;
  /** How the message is written. */
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

/** Longer ones make no URL that fits into the header. */
const mostBytes = 5_000;

export function makeQuery({ payload, writing, parameters }: Query, target: Target): string {
  const whole = makePayload(payload, target, parameters.encoding === "proto");
  const bytes = Buffer.from(whole.subarray(0, mostBytes));
  const message = {
    text: () => encodeURIComponent(bytes.toString().toWellFormed()),
    base64: () => encodeURIComponent(bytes.toString("base64")),
    base64url: () => bytes.toString("base64url"),
    // Also what is no UTF-8.
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
