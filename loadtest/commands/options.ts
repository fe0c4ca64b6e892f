import { type Protocol, protocols } from "@unblock/client/client";
import { duration, oneOf, wholeNumber } from "@unblock/terminal/arguments";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Loop } from "../run/plan.ts";
import { type Arrivals, arrivalKinds, type Stage } from "../schedule/schedule.ts";

/** Parser of an option that may be repeated. */
export function collectAs<Value>(
  parse: (text: string) => Value,
): (text: string, previous?: readonly Value[]) => Value[] {
  return (text, previous = []) => [...previous, parse(text)];
}

const collect = collectAs((text) => text);

export function addOutputOptions(command: Command): Command {
  return command
    .option("--output <format>", "table, json or html; may be repeated", collect, [])
    .option("--output-file <file>", "file for the output; may be repeated", collect, [])
    .option("--json", "print only the report, as JSON");
}

/** Options for what is called, where and how. */
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
const defaultTimeoutMs = 20_000;

export function addCallOptions(command: Command): Command {
  return command
    .optionsGroup("What is called:")
    .option("--url <url>", "server URL (default: this project's server, started for the load)")
    .option(
      "--descriptor-set <file>",
      "schema from buf build or protoc (default: the project's, then server reflection)",
    )
    .option(
      "--data <json>",
      "request; {n}, {uuid}, {random:1..9} and {pick:a|b} are replaced in each call",
    )
    .option("--data-file <file>", "requests used in turn: JSON lines, JSON array, or CSV")
    .option(
      "--header <name: value>",
      "request header; may be repeated, and values may have {n} …",
      collect,
      [],
    )
    .option("--strategy <name>", "strategy of an exercise (default: the recommended one)")
    .option(
      "--seed <text>",
      "seed of {uuid}, {random}, {pick} and Poisson arrivals (default: random, in the report)",
    )
    .addOption(
      new Option("--timeout <time>", "deadline per call, also sent to the server; 0s for none")
        .argParser(duration)
        .default(defaultTimeoutMs, "20s"),
    )
    .optionsGroup("How it is called:")
    .option("--protocol <name>", protocols.join(", "), oneOf(protocols), "grpc")
    .option("--codec <name>", codecs.join(", "), oneOf(codecs), "proto")
    .option("--get", "GET of Connect, for RPCs without side effects")
    .option("--http <version>", httpVersions.join(", "), oneOf(httpVersions), "2")
    .option("--ca <file>", "trusted certificates, PEM")
    .option("--cert <file>", "client certificate, PEM")
    .option("--key <file>", "private key of the client certificate, PEM")
    .option(
      "--server-name <name>",
      "expected name in the server's certificate (default: the URL's host)",
    )
    .option("--insecure", "accept any certificate")
    .optionsGroup("Client:")
    .option(
      "--connections <n>",
      "default: one per thread; over HTTP/1.1, one per call in progress",
      wholeNumber(1, 10_000),
    )
    .option("--threads <n>", "client threads that share the load", wholeNumber(1, 256), 1)
    .addOption(
      new Option("--warmup <time>", "load before the run that is not counted")
        .argParser(duration)
        .default(0, "0s"),
    );
}

/** Options for how much load, and how long. */
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
/** In calls per second. */
export const maxRate = 10_000_000;

export function addLoopOptions(command: Command): Command {
  return command
    .optionsGroup("Closed loop, in which each call waits for the previous one:")
    .option(
      "--concurrency <n>",
      `calls in progress at once (default: ${defaultConcurrency})`,
      wholeNumber(1, 100_000),
    )
    .option("--requests <n>", `number of calls (default: ${defaultRequests})`, wholeNumber(1, 1e9))
    .option("--duration <time>", 'such as "10s", instead of --requests', duration)
    .optionsGroup("Open loop, in which calls are sent when they are due:")
    .option("--rate <n>", "calls per second, for --duration (default: 10s) or --requests", rate)
    .option(
      "--stages <list>",
      'such as "100:10s,500:30s" (steps) or "100-500:30s" (a ramp)',
      parseStages,
    )
    .option(
      "--arrivals <kind>",
      `${arrivalKinds.join(", ")} (default: constant)`,
      oneOf(arrivalKinds),
    );
}

/** @throws Error when the flags contradict each other */
export function loopFrom(flags: LoopFlags, threads: number): Loop {
  const { concurrency, requests, rate, stages } = flags;
  if (requests !== undefined && flags.duration !== undefined) {
    throw new Error("Expected --requests or --duration, got both");
  }
  if (flags.duration === 0) {
    throw new Error("Expected --duration to be more than 0");
  }
  if (rate !== undefined && stages !== undefined) {
    throw new Error("Expected --rate or --stages, got both");
  }
  const open = rate !== undefined || stages !== undefined;
  if (open && concurrency !== undefined) {
    const flag = rate === undefined ? "--stages" : "--rate";
    throw new Error(`Expected --concurrency (closed loop) or ${flag} (open loop), got both`);
  }
  if (!open && flags.arrivals !== undefined) {
    throw new Error("Expected --arrivals together with --rate or --stages");
  }
  const arrivals = flags.arrivals ?? "constant";
  if (stages !== undefined) {
    if (requests !== undefined || flags.duration !== undefined) {
      throw new Error("Expected --stages without --requests and --duration");
    }
    return { kind: "open", stages, arrivals };
  }
  if (rate !== undefined) {
    const durationMs =
      requests === undefined ? (flags.duration ?? defaultDurationMs) : (requests / rate) * 1_000;
    return { kind: "open", stages: [{ fromRate: rate, toRate: rate, durationMs }], arrivals };
  }
  const callers = concurrency ?? defaultConcurrency;
  if (callers < threads) {
    throw new Error(`Expected --concurrency to be at least --threads (${threads}), got ${callers}`);
  }
  return {
    kind: "closed",
    concurrency: callers,
    until:
      flags.duration === undefined
        ? { requests: requests ?? defaultRequests }
        : { durationMs: flags.duration },
  };
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
    const [, from, to, time] = match ?? [];
    if (from === undefined || time === undefined) {
      throw new InvalidArgumentError(
        `Expected stages such as "100:10s,500:30s" (steps) or "100-500:30s" (a ramp), got "${part}".`,
      );
    }
    const [fromRate, toRate, durationMs] = [Number(from), Number(to ?? from), duration(time)];
    if (Math.max(fromRate, toRate) > maxRate) {
      throw new InvalidArgumentError(`Expected rates up to ${maxRate}, got "${part}".`);
    }
    if (durationMs === 0) {
      throw new InvalidArgumentError(`Expected a stage of more than 0 s, got "${part}".`);
    }
    return { fromRate, toRate, durationMs };
  });
}
