import type { Strategy } from "../gen/unblock/v1/exercise_pb.ts";
import type { CallRecord } from "../loadtest/call-record.ts";
import type { Machine } from "../machine/quiet.ts";
import type { Exercise } from "../registry/exercises.ts";

/** What the bursts of one exercise with one strategy showed. Times are in milliseconds. */
export interface Measurement {
  readonly exercise: Exercise;
  readonly strategy: Strategy;
  readonly cpuWorkers: number;
  readonly runs: number;
  readonly wallMs: { readonly min: number; readonly median: number; readonly max: number };
  readonly limitMs: number;
  /** Median wall time over the limit; null when the caller need not wait for the work at all. */
  readonly ratio: number | null;
  readonly bandMs: readonly [from: number, to: number];
  readonly withinBand: boolean;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly loopDelayMaxMs: number;
  readonly bystanderP99Ms: number;
  /** `threads` is null where threads have no number. */
  readonly ranOn: {
    readonly place: string;
    readonly processes: number;
    readonly threads: number | null;
  };
  readonly errors: number;
  /** What the server said with the first call that failed. */
  readonly firstError: string | undefined;
  /** The calls of the burst whose wall time is the median. */
  readonly medianBurst: readonly CallRecord[];
}

export interface LabResult {
  readonly machine: Machine;
  /** Such as "Postgres"; all other backends are the embedded ones. */
  readonly realEngines: readonly string[];
  readonly measurements: readonly Measurement[];
  /** The CPU exercises once more, with one CPU worker. */
  readonly oneCpuWorker: readonly Measurement[];
}

/** The result for machines; scripts rely on these names. */
export function toJson({ machine, realEngines, measurements, oneCpuWorker }: LabResult) {
  return {
    machine,
    real_engines: realEngines,
    results: measurements.map(rowToJson),
    one_cpu_worker: oneCpuWorker.map(rowToJson),
  };
}

function rowToJson(measurement: Measurement) {
  const { exercise, strategy, wallMs, latencyMs, ratio, ranOn } = measurement;
  return {
    exercise: exercise.letter,
    rpc: exercise.rpc,
    strategy: strategy.name,
    recommended: strategy.name === exercise.recommended,
    requests: exercise.burst.calls,
    runs: measurement.runs,
    wall_ms: { min: round(wallMs.min), median: round(wallMs.median), max: round(wallMs.max) },
    limit_ms: round(measurement.limitMs),
    ratio: ratio === null ? null : round(ratio),
    band_ms: measurement.bandMs.map(round),
    within_band: measurement.withinBand,
    latency_ms: { p50: round(latencyMs.p50), p99: round(latencyMs.p99) },
    loop_delay_max_ms: round(measurement.loopDelayMaxMs),
    bystander_p99_ms: round(measurement.bystanderP99Ms),
    ran_on: { processes: ranOn.processes, threads: ranOn.threads },
    errors: measurement.errors,
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
