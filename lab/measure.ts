import { setTimeout } from "node:timers/promises";
import { type Strategy, Suitability } from "../gen/unblock/v1/exercise_pb.ts";
import type { Burst } from "../loadtest/burst.ts";
import { LatencyHistogram } from "../loadtest/histogram.ts";
import { monotonicMs } from "../registry/clock.ts";
import type { Exercise } from "../registry/exercises.ts";
import { bandOf, isWithin, limitOf } from "./limit.ts";
import type { Measurement } from "./result.ts";
import type { Rig } from "./rig.ts";

/** Before each burst: lets the server's loop come to rest and its delay's watch begin, in ms. */
const restMs = 20;
/** How long a strategy's calls are made before they count, in ms: some thousand that wait for 10 ms. */
const warmUpMs = 500;
/** The recommended strategy gets every run; the others are there to compare with, and cost time. */
const comparedRuns = 3;
/** A strategy that freezes the server shows it at once. */
const frozenRuns = 2;
/** How often one task is measured alone. */
const aloneRuns = 5;

export interface MeasureOptions {
  readonly runs: number;
  readonly cores: number;
  readonly cpuWorkers: number;
  /** One CPU task measured alone, in milliseconds. */
  readonly taskMs: number;
}

/** Fires an exercise's burst `runs` times with one strategy, after a warm-up. */
export async function measure(
  rig: Rig,
  exercise: Exercise,
  strategy: Strategy,
  { runs, cores, cpuWorkers, taskMs }: MeasureOptions,
): Promise<Measurement> {
  await warmUp(rig, exercise, strategy);
  const bursts: Burst[] = [];
  const loopDelays: number[] = [];
  const planned = runsFor(strategy.suitability, runs);
  for (let run = 0; run < planned; run++) {
    await rig.vitals();
    await setTimeout(restMs);
    bursts.push(await rig.fire(exercise, strategy.name, exercise.burst.calls));
    const { eventLoop } = await rig.vitals();
    loopDelays.push(eventLoop?.delayMaxMs ?? 0);
  }

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
    runs: planned,
    wallMs: { min: byWall[0]?.wallMs ?? 0, median: wallMs, max: byWall.at(-1)?.wallMs ?? 0 },
    limitMs,
    ratio: limitMs === 0 ? null : wallMs / limitMs,
    bandMs,
    withinBand: isWithin(exercise, bandMs, wallMs),
    latencyMs: percentiles(calls.map(({ sentMs, endedMs }) => endedMs - sentMs)),
    loopDelayMaxMs: Math.max(...loopDelays),
    bystanderP99Ms: percentiles(bursts.flatMap((burst) => burst.bystanderMs)).p99,
    ranOn: placesOf(medianBurst),
    errors: calls.filter(({ code }) => code !== "ok").length,
    firstError: failed && `${failed.code}: ${failed.message}`,
    medianBurst: medianBurst?.calls ?? [],
  };
}

function runsFor(suitability: Suitability, runs: number): number {
  switch (suitability) {
    case Suitability.RECOMMENDED:
      return runs;
    case Suitability.FREEZES:
      return Math.min(runs, frozenRuns);
    default:
      return Math.min(runs, comparedRuns);
  }
}

/**
 * What one CPU task of an exercise takes alone in a CPU worker, in milliseconds: the median of a few.
 * 0 when the exercise has no CPU work.
 */
export async function measureTaskAlone(rig: Rig, exercise: Exercise): Promise<number> {
  if (!exercise.work.cpu) {
    return 0;
  }
  const taskMs: number[] = [];
  for (let run = 0; run < aloneRuns; run++) {
    const { calls } = await rig.fire(exercise, "workers", 1);
    const work = calls[0]?.steps.find(({ name }) => name === "work");
    if (!work) {
      throw new Error(`${exercise.rpc} did not answer: ${calls[0]?.code}: ${calls[0]?.message}`);
    }
    // The first ones run before the code is compiled.
    taskMs.push(work.ms);
  }
  return medianOf(taskMs.slice(2));
}

// Threads make their connections on first use, so every thread that a strategy's calls may wait on is
// used once; and a path that is not compiled yet takes several times as long, which a hundred calls of
// 10 ms show. Computing needs no connection, and freezing shows without a warm-up of many calls.
async function warmUp(rig: Rig, exercise: Exercise, strategy: Strategy) {
  if (strategy.suitability >= Suitability.SLOW || exercise.work.waitMs === 0) {
    await rig.fire(exercise, strategy.name, 1);
    return;
  }
  const { places } = await rig.vitals();
  const threads = places.find(({ name }) => name === strategy.name)?.size ?? exercise.burst.calls;
  const until = monotonicMs() + warmUpMs;
  await rig.fire(exercise, strategy.name, threads);
  while (monotonicMs() < until) {
    await rig.fire(exercise, strategy.name, exercise.burst.calls);
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? upper) + upper) / 2 : upper;
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
