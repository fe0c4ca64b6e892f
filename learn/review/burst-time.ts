import type { Exercise } from "../../registry/exercises.ts";

/** CPU time of one call where there is CPU work, as the schema says: about 100 ms. */
export const cpuMs = 100;

/** The figures of a variant. */
export interface Figures {
  readonly calls: number;
  /** Threads of the pool for blocking calls. */
  readonly threads: number;
  /** Threads of libuv's pool. */
  readonly libuvThreads: number;
  readonly cores: number;
}

export interface BurstTime {
  readonly ms: number;
  /** How the time comes about, as a formula with its figures. */
  readonly formula: string;
}

/**
 * The least time in which a burst can be done, from what one call costs alone: waits overlap as far as
 * there are threads for them, computing as far as there are cores.
 *
 * @returns undefined for a strategy whose time these figures do not decide
 */
export function burstTime(
  { work }: Pick<Exercise, "work">,
  strategy: string,
  figures: Figures,
): BurstTime | undefined {
  const { waitMs } = work;
  const { calls, threads, libuvThreads, cores } = figures;
  if (work.cpu) {
    const wait = waitMs === 0 ? "" : `${waitMs} + `;
    switch (strategy) {
      case "workers":
      case "processes":
        return {
          ms: waitMs + Math.ceil(calls / cores) * cpuMs,
          formula: `${wait}⌈${calls} / ${cores}⌉ × ${cpuMs} ms`,
        };
      case "async":
        return { ms: waitMs + calls * cpuMs, formula: `${wait}${calls} × ${cpuMs} ms` };
      case "event-loop":
        return {
          ms: calls * (waitMs + cpuMs),
          formula: `${calls} × ${waitMs + cpuMs} ms`,
        };
      default:
        return undefined;
    }
  }
  const inRounds = (size: number) => ({
    ms: Math.ceil(calls / size) * waitMs,
    formula: `⌈${calls} / ${size}⌉ × ${waitMs} ms`,
  });
  switch (strategy) {
    case "async":
      return { ms: waitMs, formula: `${waitMs} ms, whatever the number of calls` };
    case "threads":
      return inRounds(threads);
    case "libuv":
      return inRounds(libuvThreads);
    case "event-loop":
      return { ms: calls * waitMs, formula: `${calls} × ${waitMs} ms` };
    default:
      return undefined;
  }
}
