import { memoryOf } from "../measure/proc.ts";
import type { Costs, Measurement, RanOn, Sample } from "./measurement.ts";
import type { Rig } from "./rig.ts";

/** A burst so many times as large shows what a strategy runs out of. */
export const manyTimes = 10;

/**
 * Memory of a thread of the server's pools, in MB: what the larger of two servers has more, divided by the
 * threads that it has more.
 *
 * @returns undefined where the system does not say
 */
export function memoryPerThread(larger: Rig, smaller: Rig): number | undefined {
  const [more, less] = [memoryOf([larger.pid]), memoryOf([smaller.pid])];
  const threads = threadsOf(larger) - threadsOf(smaller);
  return more === undefined || less === undefined || threads <= 0
    ? undefined
    : Math.max(0, more - less) / threads;
}

function threadsOf({ sizes }: Rig): number {
  return sizes.cpuWorkers + sizes.blockingThreads;
}

/** @param tenTimes undefined when it was not measured, or was disturbed */
export function costsOf(
  { ranOn, used, medianBurst }: Measurement,
  perThreadMb: number | undefined,
  tenTimes: Sample | undefined,
): Costs {
  const cpu = used.map(({ serverCpuMs }) => serverCpuMs);
  const calls = used.reduce((sum, sample) => sum + sample.calls.length, 0);
  return {
    memoryMb: memoryOfPlace(
      ranOn,
      new Set(medianBurst.flatMap((call) => call.ranOn?.pid ?? [])),
      perThreadMb,
    ),
    cpuPerCallMs: cpu.includes(undefined)
      ? undefined
      : cpu.reduce((sum: number, ms) => sum + (ms ?? 0), 0) / calls,
    tenTimesMs: tenTimes?.wallMs,
    crashTakes: crashTakes(ranOn.place),
  };
}

function memoryOfPlace(
  { place, threads }: RanOn,
  pids: ReadonlySet<string>,
  perThreadMb: number | undefined,
): number | undefined {
  switch (place) {
    case "processes":
      return memoryOf(Array.from(pids, Number));
    case "queue":
      // What Redis has accepted says nothing of the worker that will run it.
      return threads === null ? undefined : memoryOf(Array.from(pids, Number));
    case "threads":
    case "workers":
      return perThreadMb === undefined ? undefined : perThreadMb * (threads ?? 0);
    default:
      return 0;
  }
}

function crashTakes(place: string): string {
  switch (place) {
    case "processes":
      return "one call";
    case "queue":
      return "nothing: it is tried again";
    default:
      return "the server and all calls";
  }
}
