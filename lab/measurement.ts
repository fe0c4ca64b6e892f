import type { CallRecord } from "@unblock/loadtest/call-record";
import type { Cores } from "@unblock/measure/cores";
import type { Interval } from "@unblock/measure/statistics";
import type { Exercise } from "@unblock/proto/exercises";
import type { Strategy } from "@unblock/proto/gen/exercise";
import { round } from "./numbers.ts";

/** What a row of the lab measures: a strategy of an exercise, with a number of CPU workers. */
export interface Subject {
  readonly exercise: Exercise;
  readonly strategy: Strategy;
  /** CPU workers of the server. */
  readonly cpuWorkers: number;
  /** Whether this is the recommended strategy with one CPU worker, measured for comparison. */
  readonly isOneWorker: boolean;
}

/** One burst, or several short ones, in one round. */
export interface Sample {
  readonly round: number;
  /** Wall time of the median burst. */
  readonly wallMs: number;
  readonly idealMs: number;
  readonly expectedMs: Interval;
  /** Calls of the median burst. */
  readonly burst: readonly CallRecord[];
  /** Calls of all bursts. */
  readonly calls: readonly CallRecord[];
  readonly probeMs: readonly number[];
  readonly loopDelayMaxMs: number;
  /** Duration of a fixed amount of work just before and after: the machine's speed. */
  readonly speedMs: number;
  /** CPU time of the server and its children for all calls; undefined where the system does not report it. */
  readonly serverCpuMs: number | undefined;
  /** What disturbed the sample, in words; undefined when nothing did. */
  readonly disturbedBy: string | undefined;
}

/** Costs of a right strategy, besides its wall time. */
export interface Costs {
  /** Memory of its JavaScript threads or processes; undefined where it was not measured. */
  readonly memoryMb: number | undefined;
  /** CPU time of the server and its children. */
  readonly cpuPerCallMs: number | undefined;
  /** Wall time of ten times as many calls; calls that compute do a tenth of the work each. */
  readonly tenTimesMs: number | undefined;
  /** What a crash of the executor ends. */
  readonly crashEnds: string;
}

/** Where the calls of a burst ran. */
export interface RanOn {
  readonly executor: string;
  readonly processes: number;
  /** null where threads have no number. */
  readonly threads: number | null;
}

/** Result of a subject's samples. */
export interface Measurement extends Subject {
  readonly samples: readonly Sample[];
  /** Samples behind the figures: the undisturbed ones, or all when there are none. */
  readonly used: readonly Sample[];
  readonly wallMs: { readonly min: number; readonly median: number; readonly max: number };
  readonly wallInterval: Interval | undefined;
  readonly idealMs: number;
  /** Median ratio of wall time to the ideal of the same burst; null when the caller need not wait. */
  readonly ratio: number | null;
  readonly ratioInterval: Interval | undefined;
  readonly expectedMs: Interval;
  /** null for an inconclusive measurement. */
  readonly withinExpected: boolean | null;
  /** Why the measurement is inconclusive; undefined when it is conclusive. */
  readonly inconclusive: string | undefined;
  /** Whether the result contradicts what the specification says of such a strategy. */
  readonly isSurprising: boolean;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly loopDelayMaxMs: number;
  readonly probeP99Ms: number;
  readonly ranOn: RanOn;
  readonly errors: number;
  /** Code and message of the first call that failed. */
  readonly firstError: string | undefined;
  /** Calls of the sample with the median wall time. */
  readonly medianBurst: readonly CallRecord[];
  /** Right strategies only, once measured. */
  readonly costs: Costs | undefined;
}

export interface LabResult {
  readonly cores: Cores;
  /** External backends, such as "Postgres"; all others are embedded. */
  readonly externalBackends: readonly string[];
  readonly measurements: readonly Measurement[];
}

/** The result as JSON, with names that scripts rely on. */
export function toJson({ cores, externalBackends, measurements }: LabResult) {
  const { usable, cpus, allCpus, physical = null, quota = null } = cores;
  return {
    machine: {
      ...{ cores: usable, cpus: cpus.length, all_cpus: allCpus, physical_cores: physical, quota },
      node: process.version,
    },
    real_engines: externalBackends,
    results: measurements.filter(({ isOneWorker }) => !isOneWorker).map(rowToJson),
    one_cpu_worker: measurements.filter(({ isOneWorker }) => isOneWorker).map(rowToJson),
  };
}

function rowToJson(measurement: Measurement) {
  const { exercise, strategy, wallMs, latencyMs, ranOn, costs } = measurement;
  return {
    exercise: exercise.letter,
    rpc: exercise.rpc,
    strategy: strategy.name,
    recommended: strategy.name === exercise.recommended,
    requests: exercise.burst.calls,
    runs: measurement.used.length,
    wall_ms: { min: round(wallMs.min), median: round(wallMs.median), max: round(wallMs.max) },
    ideal_ms: round(measurement.idealMs),
    ratio: rounded(measurement.ratio),
    ratio_interval: measurement.ratioInterval?.map(round) ?? null,
    expected_ms: measurement.expectedMs.map(round),
    within_expected: measurement.withinExpected,
    conclusive: measurement.inconclusive === undefined,
    reason: measurement.inconclusive ?? null,
    latency_ms: { p50: round(latencyMs.p50), p99: round(latencyMs.p99) },
    loop_delay_max_ms: round(measurement.loopDelayMaxMs),
    probe_p99_ms: round(measurement.probeP99Ms),
    ran_on: { processes: ranOn.processes, threads: ranOn.threads },
    errors: measurement.errors,
    costs:
      costs === undefined
        ? null
        : {
            memory_mb: rounded(costs.memoryMb),
            cpu_per_call_ms: rounded(costs.cpuPerCallMs),
            ten_times_ms: rounded(costs.tenTimesMs),
            crash_ends: costs.crashEnds,
          },
  };
}

function rounded(value: number | null | undefined): number | null {
  return value == null ? null : round(value);
}
