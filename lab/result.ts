import type { Cores } from "../measure/cores.ts";
import type { Interval } from "../measure/statistics.ts";
import type { Measurement } from "./measurement.ts";

export interface LabResult {
  readonly cores: Cores;
  /** Such as "Postgres"; all other backends are the embedded ones. */
  readonly realEngines: readonly string[];
  readonly measurements: readonly Measurement[];
}

/** The result for machines; scripts rely on these names. */
export function toJson({ cores, realEngines, measurements }: LabResult) {
  const { usable, cpus, allCpus, physical = null, quota = null } = cores;
  return {
    machine: {
      ...{ cores: usable, cpus: cpus.length, all_cpus: allCpus, physical_cores: physical, quota },
      node: process.version,
    },
    real_engines: realEngines,
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
    ratio_interval: intervalToJson(measurement.ratioInterval),
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
            crash_ends: costs.crashTakes,
          },
  };
}

function intervalToJson(interval: Interval | undefined): number[] | null {
  return interval === undefined ? null : interval.map(round);
}

function rounded(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : round(value);
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
