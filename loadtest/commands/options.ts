import { type Command, InvalidArgumentError } from "commander";
import { duration, oneOf, wholeNumber } from "../../cli/arguments.ts";
import { type Protocol, protocols } from "../../client/client.ts";
import type { Loop } from "../run/plan.ts";
import { type Arrivals, arrivalKinds, type Stage } from "../schedule/schedule.ts";

/** Flags that say what is called, where and how; all kinds of load take them. */
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
/** As ghz's: without a deadline a server that never answers would keep the load for ever. */
const defaultTimeoutMs = 20_000;

export function addCallOptions(command: Command): Command {
  return command
    .optionsGroup("What is called:")
    .option("--url <url>", "the server (default: this project's own, started for the load)")
    .option(
      "--descriptor-set <file>",
      "the schema, by buf build or protoc (default: the project's own, then server reflection)",
    )
    .option(
      "--data <json>",
      "the request; {n}, {uuid}, {random:1..9} and {pick:a|b} are filled in for each call",
    )
    .option("--data-file <file>", "requests to use in turn: JSON lines, or CSV with a header line")
    .option(
      "--header <name: value>",
      "a request header, may be repeated and may have {n} …",
      collect,
      [],
    )
    .option(
      "--strategy <name>",
      "how the server shall do an exercise's work (default: the recommended way)",
    )
    .option(
      "--seed <text>",
      "the same seed makes the same {uuid}, {random} and {pick} for the same {n}, and the same Poisson arrivals (default: another each time; the report has it)",
    )
    .option(
      "--timeout <time>",
      "each call's deadline, on the wire; 0s for none",
      duration,
      defaultTimeoutMs,
    )
    .optionsGroup("How it is called:")
    .option("--protocol <name>", protocols.join(", "), oneOf(protocols), "grpc")
    .option("--codec <name>", codecs.join(", "), oneOf(codecs), "proto")
    .option("--get", "Connect's GET, for RPCs without side effects")
    .option("--http <version>", `${httpVersions.join(", ")}`, oneOf(httpVersions), "2")
    .option("--ca <file>", "certificates to trust, PEM")
    .option("--cert <file>", "the client's certificate, PEM")
    .option("--key <file>", "its private key, PEM")
    .option(
      "--server-name <name>",
      "the name on the server's certificate (default: the URL's host)",
    )
    .option("--insecure", "take any certificate")
    .optionsGroup("How it is made:")
    .option(
      "--connections <n>",
      "default: one a thread; over HTTP/1.1 one a call in progress",
      wholeNumber(1, 10_000),
    )
    .option("--threads <n>", "threads of the client that share the load", wholeNumber(1, 256), 1)
    .option("--warmup <time>", "load before the run that is not counted", duration, 0);
}

function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}

/** Flags that say how much load, and how long. */
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

export function addLoopOptions(command: Command): Command {
  return command
    .optionsGroup("A closed loop, in which each call waits for the one before:")
    .option(
      "--concurrency <n>",
      `calls in progress at once (default: ${defaultConcurrency})`,
      wholeNumber(1, 100_000),
    )
    .option("--requests <n>", `how many calls (default: ${defaultRequests})`, wholeNumber(1, 1e9))
    .option("--duration <time>", 'for how long, such as "10s", instead of --requests', duration)
    .optionsGroup("An open loop, in which calls come when they are due, as users do:")
    .option("--rate <n>", "calls a second, for --duration (default: 10s) or --requests", rate)
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
    throw new Error(
      `Expected --concurrency (a closed loop) or ${rate === undefined ? "--stages" : "--rate"} (an open one), got both`,
    );
  }
  if (!open && flags.arrivals !== undefined) {
    throw new Error("Expected --arrivals together with --rate or --stages");
  }
  const arrivals = flags.arrivals ?? "constant";
  if (stages !== undefined) {
    if (requests !== undefined || flags.duration !== undefined) {
      throw new Error("Expected --stages without --requests and --duration: stages have their own");
    }
    return { kind: "open", stages, arrivals };
  }
  if (rate !== undefined) {
    const durationMs =
      requests === undefined ? (flags.duration ?? defaultDurationMs) : (requests / rate) * 1_000;
    return { kind: "open", stages: [{ fromRate: rate, toRate: rate, durationMs }], arrivals };
  }
  const atOnce = concurrency ?? defaultConcurrency;
  if (atOnce < threads) {
    throw new Error(`Expected --concurrency to be at least --threads (${threads}), got ${atOnce}`);
  }
  return {
    kind: "closed",
    concurrency: atOnce,
    until:
      flags.duration === undefined
        ? { requests: requests ?? defaultRequests }
        : { durationMs: flags.duration },
  };
}

function rate(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0) || value > highestRate) {
    throw new InvalidArgumentError(
      `Expected calls a second, more than 0 and up to ${highestRate}.`,
    );
  }
  return value;
}

/** The highest rate that can be asked for, in calls per second. */
export const highestRate = 10_000_000;

/**
 * Parses "100:10s,100-500:30s": 100 calls a second for 10 s, then from there evenly up to 500 within
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
    const stage = {
      fromRate: Number(from),
      toRate: Number(to ?? from),
      durationMs: duration(time),
    };
    if (Math.max(stage.fromRate, stage.toRate) > highestRate) {
      throw new InvalidArgumentError(`Expected rates up to ${highestRate}, got "${part}".`);
    }
    if (stage.durationMs === 0) {
      throw new InvalidArgumentError(`Expected a stage to take some time, got "${part}".`);
    }
    return stage;
  });
}
