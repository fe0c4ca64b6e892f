import type { Report } from "@unblock/loadtest/report/report";
import { type Bench, type Finding, plainRow, type Row, unit } from "../harness/bench.ts";
import { histogramOf, runClient, runGhz } from "../harness/clients.ts";
import type { StallLog } from "./servers/stalled-server.ts";
import { loadOf, startBenchServer } from "./servers.ts";

const perSecond = 500;
const seconds = 10;
const calls = perSecond * seconds;
/**
 * With several connections, a server that wakes reads all that waits in one connection, then in the next, and
 * so does not serve in order of arrival; the truth is that of a single queue.
 */
const connections = 1;
const percentages = [90, 95, 99] as const;
/** A reported percentile may be off by the larger of these. */
const toleranceMs = 25;
const toleranceShare = 0.03;

/** Percentiles in milliseconds, by percentage. */
export type Percentiles = Readonly<Record<(typeof percentages)[number], number>>;

interface Measured {
  readonly reported: Percentiles;
  readonly truth: Percentiles;
}

/** A server that stalls twice: the latencies that each client reports, and the true ones. */
export async function measureStalled(bench: Bench): Promise<Finding> {
  await bench.step(`ours, ${seconds} s`);
  const ours = await againstStalled(bench, async (url) => {
    const flags = ["--rate", String(perSecond), "--duration", `${seconds}s`];
    const { unblock } = await runClient(bench, loadOf(url, flags, connections));
    const latency = histogramOf(unblock, "latency");
    return percentilesBy((percentage) => latency.percentile(percentage));
  });
  const measureGhz = async (name: string, more: readonly string[]) => {
    await bench.step(`${name}, ${seconds} s`);
    return againstStalled(bench, async (url) => {
      const flags = ["--rps", String(perSecond), "--total", String(calls), ...more];
      return ghzPercentiles(await runGhz(bench, loadOf(url, flags, connections)));
    });
  };
  const ghz = await measureGhz("ghz", []);
  const ghzAsync = await measureGhz("ghz --async", ["--async"]);
  return {
    figures: {
      rate_per_second: perSecond,
      seconds,
      ours: figuresOf(ours),
      ghz: figuresOf(ghz),
      ghz_async: figuresOf(ghzAsync),
    },
    rows: [
      ...percentages.map((percentage) => rowOf(percentage, ours)),
      ghzRow("ghz", ghz),
      ghzRow("ghz --async", ghzAsync),
    ],
  };
}

/** Lets a client call a new stalled server. The truth is computed from that server's log. */
async function againstStalled(
  bench: Bench,
  measure: (url: string) => Promise<Percentiles>,
): Promise<Measured> {
  await using server = await startBenchServer("stalled", bench.pinning);
  const reported = await measure(server.url);
  return { reported, truth: truthOf(await server.ask<StallLog>("log")) };
}

/**
 * True latency percentiles of calls that are sent when they are due.
 *
 * @throws Error when the server did not stall as it should have
 */
export function truthOf(log: StallLog): Percentiles {
  if (log.stalls.length !== 2 || log.servicesMs.length !== calls) {
    throw new Error(
      `Expected the stalled server to serve ${calls} calls and to stall twice, got ` +
        `${log.servicesMs.length} calls and ${log.stalls.length} stalls`,
    );
  }
  const latenciesMs = simulateQueue(constantArrivals(perSecond, seconds), log);
  return percentilesBy((percentage) => exactPercentile(latenciesMs, percentage));
}

function ghzPercentiles({ latencyDistribution }: Report): Percentiles {
  return percentilesBy((percentage) => {
    const found = latencyDistribution?.find((one) => one.percentage === percentage);
    if (!found) {
      throw new Error(`Expected ghz's report to have a latency at ${percentage} %, got none`);
    }
    return found.latency / 1e6;
  });
}

function percentilesBy(percentile: (percentage: number) => number): Percentiles {
  return { 90: percentile(90), 95: percentile(95), 99: percentile(99) };
}

function toleranceAt(truthMs: number): number {
  return Math.max(toleranceMs, toleranceShare * truthMs);
}

const ms = unit("ms", 0);

function rowOf(percentage: (typeof percentages)[number], { reported, truth }: Measured): Row {
  const offMs = reported[percentage] - truth[percentage];
  return {
    what: `p${percentage}, ours; the truth is ${ms(truth[percentage])}`,
    measured: ms(reported[percentage]),
    wanted: `± ${ms(toleranceAt(truth[percentage]))}`,
    reached: Math.abs(offMs) <= toleranceAt(truth[percentage]),
  };
}

function ghzRow(name: string, { reported, truth }: Measured): Row {
  const all = (of: Percentiles) => percentages.map((one) => of[one].toFixed(0)).join(" / ");
  return plainRow(`p90 / p95 / p99, ${name}; the truth is ${all(truth)}`, all(reported));
}

function figuresOf({ reported, truth }: Measured): Record<string, unknown> {
  return Object.fromEntries(
    percentages.map((one) => [
      `p${one}`,
      { said_ms: reported[one], truth_ms: truth[one], tolerance_ms: toleranceAt(truth[one]) },
    ]),
  );
}

/**
 * Latency of each call at a server that serves one call at a time, first come, first served, and none during
 * a stall. Calls arrive independent of earlier responses.
 *
 * @param arrivalsMs ascending, on the log's clock
 * @param log service times in order of arrival, 0 for calls beyond; stalls in ascending order
 */
export function simulateQueue(arrivalsMs: readonly number[], log: StallLog): number[] {
  let freeMs = Number.NEGATIVE_INFINITY;
  return arrivalsMs.map((arrivalMs, index) => {
    let startMs = Math.max(arrivalMs, freeMs);
    for (const { beginMs, endMs } of log.stalls) {
      // A stall that begins while a call is served waits for its end: there is one thread.
      if (beginMs <= startMs && startMs < endMs) {
        startMs = endMs;
      }
    }
    freeMs = startMs + (log.servicesMs[index] ?? 0);
    return freeMs - arrivalMs;
  });
}

/** Arrival times of an open loop with a constant rate. */
export function constantArrivals(callsPerSecond: number, durationS: number): number[] {
  const interval = 1_000 / callsPerSecond;
  return Array.from({ length: callsPerSecond * durationS }, (_, index) => index * interval);
}

/**
 * The smallest of the values that this percentage (0 to 100) of them do not exceed.
 *
 * @param values at least one, in any order
 */
export function exactPercentile(values: readonly number[], percentage: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percentage / 100) * sorted.length - 1e-9));
  return sorted[rank - 1] ?? Number.NaN;
}
