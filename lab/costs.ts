import { memoryOf } from "@unblock/measure/proc";
import { executors } from "@unblock/proto/executors";
import type { Costs, Measurement, RanOn, Sample } from "./measurement.ts";
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
  const threads = threadsOf(larger) - threadsOf(smaller);
  return more === undefined || less === undefined || threads <= 0
    ? undefined
    : Math.max(0, more - less) / threads;
}

function threadsOf({ sizes }: Rig): number {
  return sizes.cpuWorkers + sizes.blockingThreads;
}

/** @param tenTimes undefined when not measured or disturbed */
export function costsOf(
  { ranOn, used, medianBurst }: Measurement,
  perThreadMb: number | undefined,
  tenTimes: Sample | undefined,
): Costs {
  const cpu = used.map(({ serverCpuMs }) => serverCpuMs);
  const calls = used.reduce((sum, sample) => sum + sample.calls.length, 0);
  return {
    memoryMb: memoryOfExecutor(
      ranOn,
      new Set(medianBurst.flatMap((call) => call.ranOn?.pid ?? [])),
      perThreadMb,
    ),
    cpuPerCallMs: cpu.includes(undefined)
      ? undefined
      : cpu.reduce((sum: number, ms) => sum + (ms ?? 0), 0) / calls,
    tenTimesMs: tenTimes?.wallMs,
    crashEnds: executors.get(ranOn.executor)?.crashEnds || "the server and all calls",
  };
}

function memoryOfExecutor(
  { executor, threads }: RanOn,
  pids: ReadonlySet<string>,
  perThreadMb: number | undefined,
): number | undefined {
  switch (executor) {
    case "processes":
      return memoryOf(Array.from(pids, Number));
    case "queue":
      // An event that Redis has accepted does not say which worker will run it.
      return threads === null ? undefined : memoryOf(Array.from(pids, Number));
    case "blocking-pool":
    case "cpu-pool":
      return perThreadMb === undefined ? undefined : perThreadMb * (threads ?? 0);
    default:
      return 0;
  }
}
