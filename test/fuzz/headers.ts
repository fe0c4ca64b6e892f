import fc from "fast-check";
import type { Target } from "./targets.ts";

/** Values for the protocols' headers; undefined ones get their usual value. */
export interface HeaderMess {
  readonly contentType?: string | undefined;
  readonly timeout?: string | undefined;
  readonly encoding?: string | undefined;
  readonly acceptEncoding?: string | undefined;
  readonly strategy?: string | undefined;
  readonly version?: string | undefined;
  readonly requestId?: string | undefined;
}

/** Deadline that ends watching streams and long computations. */
const usualTimeoutMs = 40;

// Characters that Node's client allows in a header.
const text = fc
  .string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) })
  .map((value) => value.replaceAll(/[\x7f-\x9f]/g, "?").trim());

const contentTypes = [
  ...["application/proto", "application/json", "application/connect+proto"],
  ...["application/connect+json", "application/grpc", "application/grpc+proto"],
  ...["application/grpc+json", "application/grpc-web", "application/grpc-web+proto"],
  ...["application/grpc-web+json", "application/grpc-web-text", "application/grpc+thrift"],
  ...["APPLICATION/JSON", "application/json;charset=utf-8"],
  ...["application/json; charset=UTF-8", "application/json; charset=latin1", "application/json;"],
  ...["application/proto; charset=utf-8", "application/grpc; charset=utf-8", "application/grpc;"],
  ...["application/connect+proto; x=y", "application/octet-stream", "text/plain", "*/*", "json"],
];
/** Short or invalid timeouts. */
const timeouts = [
  ...["0", "1", "-1", "1.5", "1e1", "0x10", "NaN", "Infinity", "99999999999", "x", "+1"],
  ...["0n", "1n", "1u", "1m", "50m", "1.5m", "-1m", "1x", "m", "123456789m", "1 m", "1mm", "1e1m"],
];
/** Longer than Node's timers support; only for calls that end by themselves. */
const longTimeouts = ["9999999999", "2147483648", "99999999H", "99999999M"];
const encodings = [
  "gzip",
  "br",
  "identity",
  "deflate",
  "zip",
  "GZIP",
  "gzip, br",
  "",
  "gzip;q=0",
  "*",
];
const strategies = [
  "event_loop",
  "__proto__",
  "constructor",
  "toString",
  "",
  "THREADS",
  "threads ",
];

/** The value once in `times` cases, else undefined. */
const seldom = <Value>(times: number, arbitrary: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const odd = (known: readonly string[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: text });

export const headerMesses: fc.Arbitrary<HeaderMess> = fc.record({
  contentType: seldom(8, odd(contentTypes)),
  timeout: seldom(5, fc.constantFrom(...timeouts, ...longTimeouts)),
  encoding: seldom(6, odd(encodings)),
  acceptEncoding: seldom(4, odd(encodings)),
  strategy: seldom(3, fc.oneof(odd(strategies), fc.nat(9).map(String))),
  version: seldom(4, odd(["1", "2", "v1"])),
  requestId: seldom(4, text),
});

/** Makes the headers of all protocols for a request to an RPC, as its content type can be that of any protocol. */
export function makeHeaders(
  { timeout, encoding, acceptEncoding, strategy, version, requestId, ...mess }: HeaderMess,
  target: Target,
  usualContentType: string | undefined,
): Record<string, string> {
  const contentType = mess.contentType ?? usualContentType;
  const isLong = timeout !== undefined && longTimeouts.includes(timeout);
  const given =
    isLong && !(target.endsSoon && mess.contentType === undefined) ? undefined : timeout;
  const headers = {
    "content-type": contentType,
    "connect-timeout-ms": given ?? `${usualTimeoutMs}`,
    "grpc-timeout": given ?? `${usualTimeoutMs}m`,
    "content-encoding": encoding,
    "connect-content-encoding": encoding,
    "grpc-encoding": encoding,
    "accept-encoding": acceptEncoding,
    "connect-accept-encoding": acceptEncoding,
    "grpc-accept-encoding": acceptEncoding,
    "connect-protocol-version": version,
    "unblock-strategy": strategyFor(target, strategy),
    "x-request-id": requestId,
  };
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** A digit selects one of the target's strategies; other values are no strategies of it. */
function strategyFor({ strategies: own }: Target, strategy: string | undefined) {
  return /^\d$/.test(strategy ?? "") && own.length > 0
    ? own[Number(strategy) % own.length]
    : strategy;
}
