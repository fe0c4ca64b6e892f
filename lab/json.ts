import type { Cores } from "@unblock/measure/cores";
import { changeProgress, guessesIn, isPassed, type Progress } from "@unblock/progress/progress";
import { exercises } from "@unblock/proto/exercises";
import { round } from "@unblock/terminal/numbers";
import type { Costs, Measurement } from "./judge.ts";

/** The part of a row that is kept. */
type Row = Pick<
  ReturnType<typeof rowToJson>,
  "exercise" | "strategy" | "requests" | "wall_ms" | "errors" | "conclusive"
>;

/**
 * The result as JSON, with names that scripts rely on.
 *
 * @param externalBackends such as "Postgres"; all others are embedded
 */
export function toJson(
  cores: Cores,
  externalBackends: readonly string[],
  measurements: readonly Measurement[],
) {
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

/**
 * Saves wall times in the learner's progress, for the questions of `npm run learn -- --review`. Inconclusive
 * measurements and those with errors are left out.
 *
 * @returns the state of the course in words; undefined before the first guess or pass
 */
export async function keepMeasured(
  rows: readonly Row[],
  path: string,
): Promise<string | undefined> {
  const good = rows.filter(({ errors, conclusive }) => errors === 0 && conclusive);
  const { state } = await changeProgress(path, (progress) => ({
    ...progress,
    measured: good.reduce(withRow, progress.measured),
  }));
  const passed = exercises.filter(({ letter }) => isPassed(state, letter)).length;
  const guesses = guessesIn(state);
  return passed + guesses.length === 0
    ? undefined
    : `Your course: ${passed} of ${exercises.length} passed, ${guesses.length} guessed (${guesses.filter(Boolean).length} right). npm run learn goes on.`;
}

function withRow(measured: Progress["measured"], row: Row): Progress["measured"] {
  const { exercise, strategy, requests: calls, wall_ms: wall } = row;
  const before = measured[exercise];
  // Times of bursts of another size are not comparable.
  const wallMs = before?.calls === calls ? before.wallMs : {};
  return { ...measured, [exercise]: { calls, wallMs: { ...wallMs, [strategy]: wall.median } } };
}
