import { memoryOf } from "@unblock/measure/proc";
import { executors } from "@unblock/proto/exercises";
import { ms } from "@unblock/terminal/numbers";
import type { Costs, Measurement, Sample } from "./judge.ts";
import type { Rig } from "./rig.ts";

/** Factor of the larger burst that shows which resource a strategy exhausts. */
export const largeBurstFactor = 10;

/**
 * Memory per thread of the server's pools, in MB: the difference of two servers' memory, divided by the
 * difference of their threads.
 *
 * @returns undefined where the system does not report memory
 */
export function memoryPerThread(larger: Rig, smaller: Rig): number | undefined {
  const [more, less] = [memoryOf([larger.pid]), memoryOf([smaller.pid])];
  const threadsOf = ({ sizes }: Rig) => sizes.cpuWorkers + sizes.blockingThreads;
  const threads = threadsOf(larger) - threadsOf(smaller);
  return more === undefined || less === undefined || threads <= 0
    ? undefined
    : Math.max(0, more - less) / threads;
}

/** @param tenTimes undefined when not measured or disturbed */
export function costsOf(
  measurement: Measurement,
  perThreadMb: number | undefined,
  tenTimes: Sample | undefined,
): Costs {
  const { ranOn, used } = measurement;
  const cpuMs = used.flatMap(({ serverCpuMs }) => serverCpuMs ?? []);
  const calls = used.reduce((sum, sample) => sum + sample.calls.length, 0);
  return {
    memoryMb: memoryOfExecutor(measurement, perThreadMb),
    cpuPerCallMs:
      cpuMs.length < used.length ? undefined : cpuMs.reduce((sum, each) => sum + each, 0) / calls,
    tenTimesMs: tenTimes?.wallMs,
    crashEnds: executors.get(ranOn.executor)?.crashEnds || "the server and all calls",
  };
}

function memoryOfExecutor(
  { ranOn: { executor, threads }, medianBurst }: Measurement,
  perThreadMb: number | undefined,
): number | undefined {
  const processes = () =>
    memoryOf(new Set(medianBurst.flatMap(({ ranOn }) => (ranOn ? Number(ranOn.pid) : []))));
  switch (executor) {
    case "processes":
      return processes();
    case "queue":
      // An event that Redis has accepted does not say which worker will run it.
      return threads === null ? undefined : processes();
    case "blocking-pool":
    case "cpu-pool":
      return perThreadMb === undefined ? undefined : perThreadMb * (threads ?? 0);
    default:
      return 0;
  }
}

/** Smallest ratio of two costs that is mentioned. */
const minTimes = 1.25;

type Cost = readonly [
  of: (measurement: Measurement) => number | undefined,
  /** Smaller differences are not mentioned. */
  minDifference: number,
  show: (value: number) => string,
  before: string,
  after: string,
];

const megabytes = (value: number) => value.toFixed(0);

/** Costs besides wall time, in words around their two values; the most important first. */
const costs: readonly Cost[] = [
  [({ costs }) => costs?.tenTimesMs, 10, ms, "ten times the calls take", "ms"],
  [threadsOf, 1, String, "it takes", "thread"],
  [({ costs }) => costs?.memoryMb, 5, megabytes, "it takes", "MB of memory"],
  [({ latencyMs }) => latencyMs.p50, 5, ms, "half of the calls wait longer than", "ms"],
  [({ probeP99Ms }) => probeP99Ms, 10, ms, "other calls wait", "ms (p99)"],
  [({ costs }) => costs?.cpuPerCallMs, 0.2, ms, "a call takes", "ms of CPU"],
];

/** Costs of a right strategy that are higher and lower than another's, as phrases. */
export function tradeOff(measurement: Measurement, base: Measurement) {
  const more: string[] = [];
  const less: string[] = [];
  for (const [of, minDifference, show, before, after] of costs) {
    const [value, baseValue] = [of(measurement), of(base)];
    if (value === undefined || baseValue === undefined) {
      continue;
    }
    const [low, high] = value < baseValue ? [value, baseValue] : [baseValue, value];
    if (high - low >= minDifference && high >= minTimes * low) {
      const noun = after === "thread" && value !== 1 ? "threads" : after;
      const phrase = `${before} ${show(value)} ${noun} instead of ${show(baseValue)}`;
      (value > baseValue ? more : less).push(phrase);
    }
  }
  return { more, less };
}

function threadsOf({ ranOn: { processes, threads } }: Measurement): number | undefined {
  return processes > 1 ? undefined : (threads ?? undefined);
}
