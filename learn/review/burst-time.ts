import type { Exercise } from "@unblock/proto/exercises";

/** CPU time of one call of an exercise that computes: about 100 ms by the schema. */
export const cpuMs = 100;

/** Figures of a question. */
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
  /** Formula of the time, with its figures. */
  readonly formula: string;
}

/**
 * Calculates the minimum wall time of a burst from the cost of one call: waits overlap up to the
 * number of threads, computing up to the number of cores.
 *
 * @returns undefined for a strategy whose time does not follow from these figures
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
      case "cpu-pool":
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
    case "blocking-pool":
      return inRounds(threads);
    case "libuv":
      return inRounds(libuvThreads);
    default:
      return undefined;
  }
}
