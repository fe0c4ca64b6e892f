import type { Exercise } from "@unblock/proto/exercises";

/** CPU time of one call of an exercise that computes: about 100 ms by the schema. */
export const cpuMs = 100;

/** Figures of a question: calls, threads of the blocking pool and of libuv's pool, and cores. */
export type Figures = Readonly<Record<"calls" | "threads" | "libuvThreads" | "cores", number>>;

/**
 * Calculates the minimum wall time of a burst from the cost of one call: waits overlap up to the number of
 * threads, computing up to the number of cores.
 *
 * @returns the time with its formula; undefined for a strategy whose time does not follow from these figures
 */
export function burstTime(
  { work: { cpu, waitMs } }: Pick<Exercise, "work">,
  strategy: string,
  { calls, threads, libuvThreads, cores }: Figures,
): { readonly ms: number; readonly formula: string } | undefined {
  // A call that computes may wait before, as a download does.
  const firstMs = cpu ? waitMs : 0;
  const eachMs = cpu ? cpuMs : waitMs;
  const timeOf = (beforeMs: number, rounds: number, times: string, callMs: number) => {
    const ms = beforeMs + rounds * callMs;
    const before = beforeMs === 0 ? "" : `${beforeMs} + `;
    return { ms, formula: `${before}${times} × ${callMs} ms = ${ms} ms` };
  };
  const inRounds = (size: number) =>
    timeOf(firstMs, Math.ceil(calls / size), `⌈${calls} / ${size}⌉`, eachMs);
  switch (strategy) {
    case "event-loop":
      return timeOf(0, calls, `${calls}`, firstMs + eachMs);
    case "async":
      return cpu
        ? timeOf(firstMs, calls, `${calls}`, eachMs)
        : { ms: waitMs, formula: `${waitMs} ms, whatever the number of calls` };
    case "cpu-pool":
    case "processes":
      return cpu ? inRounds(cores) : undefined;
    case "blocking-pool":
      return cpu ? undefined : inRounds(threads);
    case "libuv":
      return cpu ? undefined : inRounds(libuvThreads);
    default:
      return undefined;
  }
}
