import { type Strategy, Suitability } from "../gen/unblock/v1/exercise_pb.ts";
import type { Measurement } from "./result.ts";

/** A bystander that waits longer than this was held up, in milliseconds. */
const heldUpMs = 50;

/** What is told of a measurement. */
type Told = Pick<
  Measurement,
  "exercise" | "strategy" | "cpuWorkers" | "wallMs" | "limitMs" | "ratio" | "bystanderP99Ms"
>;

/**
 * What the figures of one exercise say, in words: of the recommended strategy and the worst of the wrong
 * ones; where these are missing, of the fastest and the slowest.
 */
export function sentenceOf(measured: readonly Told[]): string {
  const several = measured.filter(
    ({ strategy, cpuWorkers }) => !isOneWorker({ strategy, cpuWorkers }, measured),
  );
  const slowestFirst = several.toSorted((a, b) => b.wallMs.median - a.wallMs.median);
  const best =
    several.find(({ strategy }) => strategy.suitability === Suitability.RECOMMENDED) ??
    slowestFirst.at(-1);
  const others = slowestFirst.filter((one) => one !== best);
  const worst = others.find(({ strategy }) => isWrong(strategy)) ?? others[0];
  const one = measured.find((measurement) => isOneWorker(measurement, measured));
  return [describeBest(best), describeWorst(best, worst), describeOne(best, one)]
    .filter((part) => part !== "")
    .join(" ");
}

function isWrong({ suitability }: Strategy): boolean {
  return suitability >= Suitability.SLOW;
}

function isOneWorker(
  { strategy, cpuWorkers }: Pick<Told, "strategy" | "cpuWorkers">,
  measured: readonly Told[],
): boolean {
  return (
    cpuWorkers === 1 &&
    measured.some((other) => other.strategy === strategy && other.cpuWorkers > 1)
  );
}

function describeBest(best: Told | undefined): string {
  if (!best) {
    return "";
  }
  const { exercise, strategy, wallMs, ratio, limitMs } = best;
  const calls =
    exercise.burst.calls === 1 ? "the call takes" : `${exercise.burst.calls} calls take`;
  const took = `With ${strategy.name} ${calls} ${round(wallMs.median)} ms`;
  const times = ratio === null ? "" : `, ${ratio.toFixed(2)} times the limit of ${round(limitMs)}`;
  const follows = ratio === null && !isWrong(strategy) ? ", and the work follows" : "";
  const others = isWrong(strategy) ? waitOfOthers(best) : "";
  return `${took}${times}${follows}${others}.`;
}

function describeWorst(best: Told | undefined, worst: Told | undefined): string {
  if (!worst) {
    return "";
  }
  const { strategy, wallMs } = worst;
  const times = best ? wallMs.median / best.wallMs.median : 0;
  const factor = times >= 1.5 ? `, ${times.toFixed(times < 10 ? 1 : 0)} times as long` : "";
  return `With ${strategy.name} it is ${round(wallMs.median)} ms${factor}${waitOfOthers(worst)}.`;
}

function waitOfOthers({ bystanderP99Ms }: Told): string {
  return bystanderP99Ms > heldUpMs
    ? `, and everyone else waits up to ${round(bystanderP99Ms)} ms`
    : "; nobody else suffers";
}

function describeOne(best: Told | undefined, one: Told | undefined): string {
  if (!best || !one) {
    return "";
  }
  const gain = one.wallMs.median / best.wallMs.median;
  return `One CPU worker needs ${round(one.wallMs.median)} ms: ${best.cpuWorkers} are ${gain.toFixed(1)} times as fast.`;
}

function round(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}
