import type { Report } from "../../loadtest/report/report.ts";
import type { Bench, Finding, Row } from "../harness/bench.ts";
import { ghzCommand, runGhz } from "../harness/ghz.ts";
import { clientCommand, histogramOf, runClient } from "../harness/load-client.ts";
import { constantArrivals, exactPercentile, simulateQueue } from "./queue-simulation.ts";
import type { StallLog } from "./servers/stalled-server.ts";
import { loadOf, startBenchServer } from "./servers.ts";

const perSecond = 500;
const seconds = 10;
const calls = perSecond * seconds;
/**
 * With more, a server that wakes reads what waits in one, then what waits in the next, and so does not
 * serve whoever came first; the truth is that of a single queue.
 */
const connections = 1;
const percentages = [90, 95, 99] as const;
/** A figure may be off by the larger of these. */
const toleranceMs = 25;
const tolerancePart = 0.03;
const runLimitMs = 60_000;

/** Percentiles, in milliseconds, by percentage. */
export type Percentiles = Readonly<Record<(typeof percentages)[number], number>>;

interface Measured {
  readonly said: Percentiles;
  readonly truth: Percentiles;
}

/** A server that stalls twice: what each client says of it, and the truth. */
export async function measureStalled(bench: Bench): Promise<Finding[]> {
  await bench.step("stalled: ours, 10 s");
  const ours = await againstStalled(bench, async (url) => {
    const flags = ["--rate", String(perSecond), "--duration", `${seconds}s`];
    const command = bench.pinning.client(clientCommand(loadOf(url, connections, flags)));
    const { report } = await runClient(command, runLimitMs);
    const latency = histogramOf(report, "latency");
    return percentilesBy((percentage) => latency.percentile(percentage));
  });
  await bench.step("stalled: ghz, 10 s");
  const ghz = await againstStalled(bench, ghzAt(bench, []));
  await bench.step("stalled: ghz --async, 10 s");
  const ghzAsync = await againstStalled(bench, ghzAt(bench, ["--async"]));
  return [
    {
      part: "stalled",
      figures: {
        rate_per_second: perSecond,
        seconds,
        ours: figuresOf(ours),
        ghz: figuresOf(ghz),
        ghz_async: figuresOf(ghzAsync),
      },
      rows: [
        ...percentages.map((percentage) => rowOf(percentage, ours)),
        comparison("ghz", ghz),
        comparison("ghz --async", ghzAsync),
      ],
    },
  ];
}

/** Lets a client call a fresh stalled server; the truth is that of the stalls it met. */
async function againstStalled(
  bench: Bench,
  measure: (url: string) => Promise<Percentiles>,
): Promise<Measured> {
  const server = await startBenchServer("stalled", bench.pinning);
  try {
    const said = await measure(server.url);
    return { said, truth: truthOf(await server.ask<StallLog>("log")) };
  } finally {
    await server.close();
  }
}

function ghzAt(bench: Bench, more: readonly string[]): (url: string) => Promise<Percentiles> {
  return async (url) => {
    const flags = ["--rps", String(perSecond), "--total", String(calls), ...more];
    const command = bench.pinning.client(ghzCommand(bench.ghz, loadOf(url, connections, flags)));
    return ghzPercentiles(await runGhz(command, runLimitMs));
  };
}

/**
 * What callers feel who come when they are due.
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
  return Math.max(toleranceMs, tolerancePart * truthMs);
}

function rowOf(percentage: (typeof percentages)[number], { said, truth }: Measured): Row {
  const offMs = said[percentage] - truth[percentage];
  return {
    what: `p${percentage}, ours; the truth is ${ms(truth[percentage])}`,
    measured: ms(said[percentage]),
    wanted: `± ${ms(toleranceAt(truth[percentage]))}`,
    reached: Math.abs(offMs) <= toleranceAt(truth[percentage]),
  };
}

function comparison(who: string, { said, truth }: Measured): Row {
  const all = (of: Percentiles) => percentages.map((one) => of[one].toFixed(0)).join(" / ");
  return {
    what: `p90 / p95 / p99, ${who}; the truth is ${all(truth)}`,
    measured: all(said),
    wanted: "",
    reached: null,
  };
}

function figuresOf({ said, truth }: Measured): Record<string, unknown> {
  return Object.fromEntries(
    percentages.map((one) => [
      `p${one}`,
      { said_ms: said[one], truth_ms: truth[one], tolerance_ms: toleranceAt(truth[one]) },
    ]),
  );
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}
