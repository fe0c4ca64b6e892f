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
  const first = work.cpu && waitMs > 0 ? waitMs : 0;
  const eachMs = work.cpu ? cpuMs : waitMs;
  const inRounds = (size: number): BurstTime => {
    const ms = first + Math.ceil(calls / size) * eachMs;
    const before = first === 0 ? "" : `${first} + `;
    return { ms, formula: `${before}⌈${calls} / ${size}⌉ × ${eachMs} ms = ${ms} ms` };
  };
  const inTurn = (beforeMs: number, callMs: number): BurstTime => {
    const ms = beforeMs + calls * callMs;
    const before = beforeMs === 0 ? "" : `${beforeMs} + `;
    return { ms, formula: `${before}${calls} × ${callMs} ms = ${ms} ms` };
  };
  if (strategy === "event-loop") {
    return inTurn(0, first + eachMs);
  }
  if (work.cpu) {
    switch (strategy) {
      case "workers":
      case "processes":
        return inRounds(cores);
      case "async":
        return inTurn(first, eachMs);
      default:
        return undefined;
    }
  }
  switch (strategy) {
    case "async":
      return { ms: waitMs, formula: `${waitMs} ms, whatever the number of calls` };
    case "threads":
      return inRounds(threads);
    case "libuv":
      return inRounds(libuvThreads);
    default:
      return undefined;
  }
}
