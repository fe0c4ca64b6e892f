import type { CallRecord } from "../loadtest/call-record.ts";
import type { Cores } from "../measure/cores.ts";
import { idealOf } from "../measure/ideal.ts";
import type { Interval } from "../measure/statistics.ts";
import type { Exercise } from "../registry/exercises.ts";

export interface Expected {
  readonly idealMs: number;
  readonly expectedMs: Interval;
}

/** Ideal and expected wall time of a burst, from the CPU time that its own tasks used. */
export function expectedOf(
  { burst, work }: Exercise,
  calls: readonly CallRecord[],
  cores: Cores,
): Expected {
  const { band } = burst;
  const taskCpuMs = work.cpu ? calls.flatMap(({ cpuMs }) => cpuMs ?? []) : [];
  const idealMs = idealOf({ waitMs: work.afterReply ? 0 : work.waitMs, taskCpuMs }, cores);
  return {
    idealMs,
    expectedMs:
      "timesLimit" in band ? [idealMs, band.timesLimit * idealMs] : [band.fromMs, band.toMs],
  };
}
