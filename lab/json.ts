import type { Cores } from "@unblock/measure/cores";
import { round } from "@unblock/terminal/numbers";
import type { Costs, Measurement } from "./judge.ts";

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
    ratio: roundOrNull(measurement.ratio),
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
    costs: costs === undefined ? null : costsToJson(costs),
  };
}

function costsToJson({ memoryMb, cpuPerCallMs, tenTimesMs, crashEnds }: Costs) {
  return {
    memory_mb: roundOrNull(memoryMb),
    cpu_per_call_ms: roundOrNull(cpuPerCallMs),
    ten_times_ms: roundOrNull(tenTimesMs),
    crash_ends: crashEnds,
  };
}

function roundOrNull(value: number | null | undefined): number | null {
  return value == null ? null : round(value);
}
