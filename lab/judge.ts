import type { CallRecord } from "@unblock/loadtest/call-record";
import { LatencyHistogram } from "@unblock/loadtest/histogram";
import { intervalOf, medianOf } from "@unblock/measure/statistics";
import { Suitability } from "@unblock/proto/gen/exercise";
import type { Costs, Measurement, RanOn, Sample, Subject } from "./measurement.ts";
import { count } from "./numbers.ts";

/** Nothing is faster than its ideal, but clocks and timers may be off by this much. */
const minRatio = 0.97;

export interface Needs {
  /** Undisturbed samples that a conclusion needs. */
  readonly samples: number;
  /** Undisturbed samples that a surprising conclusion needs. */
  readonly ofSurprise: number;
}

/** Computes a subject's figures, and whether they allow a conclusion. */
export function judge(
  subject: Subject,
  samples: readonly Sample[],
  needs: Needs,
  costs: Costs | undefined,
): Measurement {
  const calm = samples.filter(({ disturbedBy }) => disturbedBy === undefined);
  const used = calm.length > 0 ? calm : samples;
  const walls = used.map(({ wallMs }) => wallMs);
  const calls = used.flatMap((sample) => sample.calls);
  const failed = samples.flatMap((sample) => sample.calls).filter(({ code }) => code !== "ok");
  const [firstFailed] = failed;
  const ratios = used.map(({ wallMs, idealMs }) => wallMs / idealMs);
  const hasIdeal = used.every(({ idealMs }) => idealMs > 0);
  const ratio = hasIdeal ? medianOf(ratios) : null;
  const byWall = used.toSorted((a, b) => a.wallMs - b.wallMs);
  const medianBurst = byWall[Math.floor(byWall.length / 2)]?.burst ?? [];
  const expectedMs = [
    medianOf(used.map((sample) => sample.expectedMs[0])),
    medianOf(used.map((sample) => sample.expectedMs[1])),
  ] as const;

  // The expected range follows the ideal, which follows the machine's speed.
  const toEnd = used.map((sample) => sample.wallMs / sample.expectedMs[1]);
  const [endLow, endHigh] = intervalOf(toEnd) ?? [medianOf(toEnd), medianOf(toEnd)];
  const within = endHigh <= 1 ? true : endLow > 1 ? false : undefined;
  const isSurprising = within !== undefined && isSurprise(subject, within);

  const whyInconclusive = (): string | undefined => {
    if (failed.length > 0) {
      return `${count(failed.length)} failed`;
    }
    if (calm.length < needs.samples) {
      return whyTooFew(samples, calm.length, needs.samples);
    }
    if (ratio !== null && ratio < minRatio) {
      return `${ratio.toFixed(2)} times the ideal is impossible, so the measurement is wrong`;
    }
    if (within === undefined) {
      return "the measurements scatter around the end of the expected range";
    }
    return isSurprising && calm.length < needs.ofSurprise
      ? `the result contradicts the specification, and ${calm.length} undisturbed measurements do not confirm it`
      : undefined;
  };
  const inconclusive = whyInconclusive();
  return {
    ...subject,
    samples,
    used,
    wallMs: { min: Math.min(...walls), median: medianOf(walls), max: Math.max(...walls) },
    wallInterval: intervalOf(walls),
    idealMs: medianOf(used.map(({ idealMs }) => idealMs)),
    ratio,
    ratioInterval: hasIdeal ? intervalOf(ratios) : undefined,
    expectedMs,
    withinExpected: inconclusive === undefined ? (within ?? null) : null,
    inconclusive,
    isSurprising,
    latencyMs: percentiles(calls.map(({ sentMs, endedMs }) => endedMs - sentMs)),
    loopDelayMaxMs: Math.max(0, ...used.map(({ loopDelayMaxMs }) => loopDelayMaxMs)),
    probeP99Ms: percentiles(used.flatMap(({ probeMs }) => probeMs)).p99,
    ranOn: ranOnOf(medianBurst),
    errors: failed.length,
    firstError: firstFailed && `${firstFailed.code}: ${firstFailed.message}`,
    medianBurst,
    costs,
  };
}

/** The specification expects the recommended strategy within the range and wrong ones beyond it. */
function isSurprise({ strategy, isOneWorker }: Subject, within: boolean): boolean {
  if (isOneWorker || strategy.suitability === Suitability.WORKS) {
    return false;
  }
  return within !== (strategy.suitability === Suitability.RECOMMENDED);
}

function whyTooFew(samples: readonly Sample[], calm: number, needed: number): string {
  const last = samples.flatMap(({ disturbedBy }) => disturbedBy ?? []).at(-1);
  if (last === undefined) {
    return `only ${calm} of the ${needed} required measurements fitted into the time`;
  }
  const disturbed = samples.length - calm;
  return `${disturbed} of ${count(samples.length, "measurement")} disturbed: ${last}`;
}

function percentiles(latenciesMs: readonly number[]): { p50: number; p99: number } {
  const histogram = new LatencyHistogram();
  for (const latencyMs of latenciesMs) {
    histogram.record(latencyMs);
  }
  return { p50: histogram.percentile(50), p99: histogram.percentile(99) };
}

function ranOnOf(calls: readonly CallRecord[]): RanOn {
  const ranOn = calls.flatMap((call) => call.ranOn ?? []);
  const numbered = ranOn.filter(({ thread }) => thread !== undefined);
  return {
    executor: ranOn[0]?.executor ?? "nowhere",
    processes: new Set(ranOn.map(({ pid }) => pid)).size,
    threads:
      numbered.length === 0
        ? null
        : new Set(numbered.map(({ pid, thread }) => `${pid}/${thread}`)).size,
  };
}
