import type { Strategy } from "../gen/unblock/v1/exercise_pb.ts";
import type { Burst } from "../loadtest/burst.ts";
import { LatencyHistogram } from "../loadtest/histogram.ts";
import type { Exercise } from "../registry/exercises.ts";
import { bandOf, isWithin, limitOf } from "./limit.ts";
import { medianOf } from "./median.ts";
import type { Measurement } from "./result.ts";

export interface SummaryFacts {
  readonly cores: number;
  readonly cpuWorkers: number;
  /** One CPU task measured alone, in milliseconds. */
  readonly taskMs: number;
  /** The event loop's longest delay in each burst, in milliseconds. */
  readonly loopDelays: readonly number[];
}

/** What bursts of an exercise with one strategy showed. */
export function summarize(
  exercise: Exercise,
  strategy: Strategy,
  bursts: readonly Burst[],
  { cores, cpuWorkers, taskMs, loopDelays }: SummaryFacts,
): Measurement {
  const byWall = bursts.toSorted((a, b) => a.wallMs - b.wallMs);
  const medianBurst = byWall[Math.floor(byWall.length / 2)];
  const calls = bursts.flatMap((burst) => burst.calls);
  const wallMs = medianOf(bursts.map((burst) => burst.wallMs));
  const limitMs = limitOf(exercise, cores, taskMs);
  const bandMs = bandOf(exercise, limitMs);
  const failed = calls.find(({ code }) => code !== "ok");
  return {
    exercise,
    strategy,
    cpuWorkers,
    runs: bursts.length,
    wallMs: { min: byWall[0]?.wallMs ?? 0, median: wallMs, max: byWall.at(-1)?.wallMs ?? 0 },
    limitMs,
    ratio: limitMs === 0 ? null : wallMs / limitMs,
    bandMs,
    withinBand: isWithin(exercise, bandMs, wallMs),
    latencyMs: percentiles(calls.map(({ sentMs, endedMs }) => endedMs - sentMs)),
    loopDelayMaxMs: Math.max(0, ...loopDelays),
    bystanderP99Ms: percentiles(bursts.flatMap((burst) => burst.bystanderMs)).p99,
    ranOn: placesOf(medianBurst),
    errors: calls.filter(({ code }) => code !== "ok").length,
    firstError: failed && `${failed.code}: ${failed.message}`,
    medianBurst: medianBurst?.calls ?? [],
  };
}

function percentiles(latenciesMs: readonly number[]): { p50: number; p99: number } {
  const histogram = new LatencyHistogram();
  for (const latencyMs of latenciesMs) {
    histogram.record(latencyMs);
  }
  return { p50: histogram.percentile(50), p99: histogram.percentile(99) };
}

function placesOf(burst: Burst | undefined): Measurement["ranOn"] {
  const ranOn = (burst?.calls ?? []).flatMap((call) => call.ranOn ?? []);
  const numbered = ranOn.filter(({ thread }) => thread !== undefined);
  return {
    place: ranOn[0]?.place ?? "nowhere",
    processes: new Set(ranOn.map(({ pid }) => pid)).size,
    threads:
      numbered.length === 0
        ? null
        : new Set(numbered.map(({ pid, thread }) => `${pid}/${thread}`)).size,
  };
}
