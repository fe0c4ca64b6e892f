import { type Protocol, protocols } from "@unblock/client/client";
import { duration, oneOf, wholeNumber } from "@unblock/terminal/arguments";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Loop } from "../run/plan.ts";
import { type Arrivals, arrivalKinds, type Stage } from "../run/schedule.ts";

export function collectAs<Value>(
  parse: (text: string) => Value,
): (text: string, previous?: readonly Value[]) => Value[] {
  return (text, previous = []) => [...previous, parse(text)];
}

const collect = collectAs((text) => text);
const upTo = (max: number) => wholeNumber(1, max);

export function durationOption(flags: string, description: string, defaultTime: string): Option {
  return new Option(flags, description)
    .argParser(duration)
    .default(duration(defaultTime), defaultTime);
}

export function addOutputOptions(command: Command): Command {
  return command
    .option("--output <format>", "table, json or html; may be repeated", collect, [])
    .option("--output-file <file>", "file for the output; may be repeated", collect, [])
    .option("--json", "print only the report, as JSON");
}

export interface CallFlags {
  readonly url?: string;
  readonly descriptorSet?: string;
  readonly protocol: Protocol;
  readonly codec: "proto" | "json";
  readonly get?: boolean;
  readonly http: "1.1" | "2";
  readonly data?: string;
  readonly dataFile?: string;
  readonly header: readonly string[];
  readonly strategy?: string;
  readonly seed?: string;
  readonly timeout: number;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly insecure?: boolean;
  readonly connections?: number;
  readonly threads: number;
  readonly warmup: number;
}

const codecs = ["proto", "json"] as const;
const httpVersions = ["1.1", "2"] as const;
/** The default of ghz. Without a deadline, a silent server would keep the load running forever. */
const defaultTimeout = "20s";

export function addCallOptions(command: Command): Command {
  return command
    .optionsGroup("What is called:")
    .option("--url <url>", "server URL (default: this project's server, started for the load)")
    .option("--descriptor-set <file>", "schema (default: the project's, then server reflection)")
    .option("--data <json>", "request; {n}, {uuid}, {random:1..9}, {pick:a|b} differ in each call")
    .option("--data-file <file>", "requests used in turn: JSON lines, JSON array, or CSV")
    .option("--header <name: value>", "request header, may have {n} …; repeatable", collect, [])
    .option("--strategy <name>", "strategy of an exercise (default: the recommended one)")
    .option("--seed <text>", "seed of {uuid} … and Poisson arrivals (default: random, reported)")
    .addOption(durationOption("--timeout <time>", "deadline per call; 0s for none", defaultTimeout))
    .optionsGroup("How it is called:")
    .option("--protocol <name>", protocols.join(", "), oneOf(protocols), "grpc")
    .option("--codec <name>", codecs.join(", "), oneOf(codecs), "proto")
    .option("--get", "GET of Connect, for RPCs without side effects")
    .option("--http <version>", httpVersions.join(", "), oneOf(httpVersions), "2")
    .option("--ca <file>", "trusted certificates, PEM")
    .option("--cert <file>", "client certificate, PEM")
    .option("--key <file>", "private key of the client certificate, PEM")
    .option("--server-name <name>", "name in the server's certificate (default: the URL's host)")
    .option("--insecure", "accept any certificate")
    .optionsGroup("Client:")
    .option("--connections <n>", "default: one per thread, or call of HTTP/1.1", upTo(10_000))
    .option("--threads <n>", "client threads that share the load", upTo(256), 1)
    .addOption(durationOption("--warmup <time>", "load before the run that is not counted", "0s"));
}

export interface LoopFlags {
  readonly concurrency?: number;
  readonly requests?: number;
  readonly duration?: number;
  readonly rate?: number;
  readonly stages?: readonly Stage[];
  readonly arrivals?: Arrivals;
}

const defaultConcurrency = 10;
const defaultRequests = 100;
const defaultDurationMs = 10_000;
export const maxRate = 10_000_000;

export function addLoopOptions(command: Command): Command {
  return command
    .optionsGroup("Closed loop, in which each call waits for the previous one:")
    .option("--concurrency <n>", `calls at once (default: ${defaultConcurrency})`, upTo(100_000))
    .option("--requests <n>", `number of calls (default: ${defaultRequests})`, upTo(1e9))
    .option("--duration <time>", 'such as "10s", instead of --requests', duration)
    .optionsGroup("Open loop, in which calls are sent when they are due:")
    .option("--rate <n>", "calls per second, for --duration (default: 10s) or --requests", rate)
    .option("--stages <list>", 'such as "100:10s,500:30s" or, a ramp, "100-500:30s"', parseStages)
    .option("--arrivals <kind>", "constant (default) or poisson", oneOf(arrivalKinds));
}

const exclusive = [
  ["requests", "duration"],
  ["rate", "stages"],
  ["rate", "concurrency"],
  ["stages", "concurrency"],
  ["stages", "requests"],
  ["stages", "duration"],
] as const;

/** @throws Error when the flags contradict each other */
export function loopFrom(flags: LoopFlags, threads: number): Loop {
  const { concurrency = defaultConcurrency, requests, rate, stages, arrivals = "constant" } = flags;
  for (const [one, other] of exclusive) {
    if (flags[one] !== undefined && flags[other] !== undefined) {
      throw new Error(`Expected --${one} or --${other}, got both`);
    }
  }
  if (flags.duration === 0) {
    throw new Error("Expected --duration to be more than 0");
  }
  if (stages !== undefined) {
    return { kind: "open", stages, arrivals };
  }
  if (rate !== undefined) {
    const durationMs =
      requests === undefined ? (flags.duration ?? defaultDurationMs) : (requests / rate) * 1_000;
    return { kind: "open", stages: [{ fromRate: rate, toRate: rate, durationMs }], arrivals };
  }
  if (flags.arrivals !== undefined) {
    throw new Error("Expected --arrivals together with --rate or --stages");
  }
  if (concurrency < threads) {
    throw new Error(
      `Expected --concurrency to be at least --threads (${threads}), got ${concurrency}`,
    );
  }
  const until =
    flags.duration === undefined
      ? { requests: requests ?? defaultRequests }
      : { durationMs: flags.duration };
  return { kind: "closed", concurrency, until };
}

function rate(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0) || value > maxRate) {
    throw new InvalidArgumentError(`Expected calls per second, more than 0 and up to ${maxRate}.`);
  }
  return value;
}

/**
 * Parses "100:10s,100-500:30s": 100 calls per second for 10 s, then a ramp from 100 to 500 within
 * 30 s.
 */
export function parseStages(text: string): Stage[] {
  return text.split(",").map((part) => {
    const match = /^(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?:([\d.]+(?:ms|s|m))$/.exec(part.trim());
    const [, from, to = from, time = "0s"] = match ?? [];
    const [fromRate, toRate, durationMs] = [Number(from), Number(to), duration(time)];
    // Also false for NaN.
    if (!(Math.max(fromRate, toRate) <= maxRate && durationMs > 0)) {
      throw new InvalidArgumentError(
        `Expected stages such as "100:10s,500:30s" or, a ramp, "100-500:30s", with rates up to ${maxRate}, got "${part}".`,
      );
    }
    return { fromRate, toRate, durationMs };
  });
}
