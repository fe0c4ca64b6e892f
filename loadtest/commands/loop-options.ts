import { type Command, InvalidArgumentError } from "commander";
import { duration, oneOf, wholeNumber } from "../../cli/arguments.ts";
import type { Loop } from "../run/plan.ts";
import { type Arrivals, arrivalKinds, type Stage } from "../schedule/schedule.ts";
import { highestRate, parseStages } from "../schedule/stages.ts";

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
