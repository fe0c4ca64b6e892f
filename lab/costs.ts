import { memoryOf } from "@unblock/measure/proc";
import { executors } from "@unblock/proto/exercises";
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
      cpuMs.length < used.length ? undefined : cpuMs.reduce((sum, ms) => sum + ms, 0) / calls,
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
