import { Suitability } from "../gen/unblock/v1/exercise_pb.ts";
import type { Measurement } from "./result.ts";

/** A bystander that waits longer than this was held up, in milliseconds. */
const heldUpMs = 50;

/** What the figures of one exercise say, in words. */
export function sentenceOf(measured: readonly Measurement[]): string {
  const several = measured.filter(
    ({ strategy, cpuWorkers }) => !isOneWorker({ strategy, cpuWorkers }, measured),
  );
  const best = several.find(({ strategy }) => strategy.suitability === Suitability.RECOMMENDED);
  const worst = several
    .filter(({ strategy }) => strategy.suitability >= Suitability.SLOW)
    .toSorted((a, b) => b.wallMs.median - a.wallMs.median)[0];
  const one = measured.find((measurement) => isOneWorker(measurement, measured));
  return [describeBest(best), describeWorst(best, worst), describeOne(best, one)]
    .filter((part) => part !== "")
    .join(" ");
}

function isOneWorker(
  { strategy, cpuWorkers }: Pick<Measurement, "strategy" | "cpuWorkers">,
  measured: readonly Measurement[],
): boolean {
  return (
    cpuWorkers === 1 &&
    measured.some((other) => other.strategy === strategy && other.cpuWorkers > 1)
  );
}

function describeBest(best: Measurement | undefined): string {
  if (!best) {
    return "";
  }
  const { exercise, strategy, wallMs, ratio, limitMs } = best;
  const calls =
    exercise.burst.calls === 1 ? "the call takes" : `${exercise.burst.calls} calls take`;
  const took = `With ${strategy.name} ${calls} ${round(wallMs.median)} ms`;
  return ratio === null
    ? `${took}, and the work follows.`
    : `${took}, ${ratio.toFixed(2)} times the limit of ${round(limitMs)}.`;
}

function describeWorst(best: Measurement | undefined, worst: Measurement | undefined): string {
  if (!worst) {
    return "";
  }
  const { strategy, wallMs, bystanderP99Ms } = worst;
  const times = best ? wallMs.median / best.wallMs.median : 0;
  const factor = times >= 1.5 ? `, ${times.toFixed(times < 10 ? 1 : 0)} times as long` : "";
  const others =
    bystanderP99Ms > heldUpMs
      ? `, and everyone else waits up to ${round(bystanderP99Ms)} ms`
      : "; nobody else suffers";
  return `With ${strategy.name} it is ${round(wallMs.median)} ms${factor}${others}.`;
}

function describeOne(best: Measurement | undefined, one: Measurement | undefined): string {
  if (!best || !one) {
    return "";
  }
  const gain = one.wallMs.median / best.wallMs.median;
  return `One CPU worker needs ${round(one.wallMs.median)} ms: ${best.cpuWorkers} are ${gain.toFixed(1)} times as fast.`;
}

function round(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}
