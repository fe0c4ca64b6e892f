import type { Interval } from "@unblock/loadtest/report/report";
import {
  atMost,
  type Bench,
  type Finding,
  inFlight,
  measureGrowth,
  repeat,
  spreadOf,
  unit,
} from "../harness/bench.ts";
import { histogramOf, reportPeakMemory, runClient } from "../harness/clients.ts";
import type { BenchCommand } from "../harness/command.ts";
import { measureCost } from "./cost.ts";
import { loadOf, startBenchServer } from "./servers.ts";
import { measureStalled } from "./stalled.ts";
import { measureThroughput } from "./throughput.ts";

export const loadBench: BenchCommand = {
  name: "load",
  description: "Measures the load client beside ghz, and against its targets.",
  title: "unblock's load client",
  parts: {
    throughput: {
      about: "calls per second beside ghz's, against three servers (four minutes)",
      measure: measureThroughput,
    },
    cost: { about: "CPU time per call beside ghz's and h2load's", measure: measureCost },
    burst: { about: "100 calls of 10 ms at once (seconds)", measure: measureBurst },
    stalled: {
      about: "a server that stalls twice: reported and true latencies (half a minute)",
      measure: measureStalled,
    },
    steady: { about: "2,000 calls per second for 30 s, three times", measure: measureSteady },
    memory: {
      about: "ten million calls beside a hundred thousand (six minutes)",
      measure: measureMemory,
    },
  },
};

const burst = { calls: 100, idealMs: 10, wantedAddedMs: 10 };

/** 100 calls at once, each of 10 ms: how much longer than 10 ms all of them take together. */
async function measureBurst(bench: Bench): Promise<Finding> {
  const { calls, idealMs, wantedAddedMs } = burst;
  await using server = await startBenchServer("delaying", bench.pinning);
  // The first calls of a program wait for its compilation, which is not measured here.
  const flags = ["--concurrency", String(calls), "--requests", String(calls), "--warmup", "1s"];
  const wallMs = await repeat(bench, async () => {
    const { report } = await runClient(bench, loadOf(server.url, flags));
    return report.total / 1e6;
  });
  const wall = spreadOf(wallMs);
  const addedMs = wall.median - idealMs;
  const what = `${calls} calls of ${idealMs} ms at once, beyond ${idealMs} ms`;
  return {
    figures: {
      calls,
      limit_ms: idealMs,
      wall_ms: wall,
      added_ms: addedMs,
      wanted_added_ms: wantedAddedMs,
    },
    rows: [atMost(what, addedMs, wantedAddedMs, unit("ms", 1))],
  };
}

const steady = {
  perSecond: 2_000,
  seconds: 30,
  /** Share by which the rate may be off. */
  wantedOff: 0.005,
  wantedLateMs: 3,
  /** Each run takes half a minute. */
  maxRuns: 3,
};

/** A steady open loop: whether calls are sent as often as they should be, and when they should be. */
async function measureSteady(bench: Bench): Promise<Finding> {
  const { perSecond, seconds, wantedOff, wantedLateMs, maxRuns } = steady;
  const rate = `${perSecond.toLocaleString("en")} calls/s for ${seconds} s`;
  await using server = await startBenchServer("null", bench.pinning);
  const few = { ...bench, runs: Math.min(bench.runs, maxRuns) };
  const runs = await repeat(
    few,
    async () => {
      const flags = ["--rate", String(perSecond), "--duration", `${seconds}s`];
      const { unblock } = await runClient(bench, loadOf(server.url, flags));
      return {
        sent: sentWithin(unblock.intervals, seconds),
        lateMs: histogramOf(unblock, "lateness").percentile(99),
      };
    },
    rate,
  );
  const sent = spreadOf(runs.map((run) => run.sent)).median;
  const late = spreadOf(runs.map(({ lateMs }) => lateMs));
  const off = sent / seconds / perSecond - 1;
  return {
    figures: {
      rate_per_second: perSecond,
      seconds,
      sent,
      sent_per_second: sent / seconds,
      off_percent: off * 100,
      wanted_off_percent: wantedOff * 100,
      late_p99_ms: late,
      wanted_late_p99_ms: wantedLateMs,
    },
    rows: [
      {
        what: `${rate}: sent per second`,
        measured: (sent / seconds).toLocaleString("en", { maximumFractionDigits: 1 }),
        wanted: `± ${wantedOff * 100} %`,
        reached: Math.abs(off) <= wantedOff,
      },
      atMost("p99 of the delay of sending", late.median, wantedLateMs, unit("ms", 2)),
    ],
  };
}

/** Counts the calls sent before the load's end. Later calls were not part of its rate. */
export function sentWithin(
  intervals: readonly Pick<Interval, "start_ms" | "sent">[],
  seconds: number,
): number {
  return intervals
    .filter(({ start_ms }) => start_ms < seconds * 1_000)
    .reduce((sum, { sent }) => sum + sent, 0);
}

const memory = { what: "peak", fewCalls: 100_000, manyCalls: 10_000_000, wantedMb: 50 };
/** Ten million calls at 4,000 per second, which the slowest machine exceeds. */
const memoryTimeoutMs = 2_500_000;

/** The client's peak memory after many calls and after few. */
async function measureMemory(bench: Bench): Promise<Finding> {
  await using server = await startBenchServer("null", bench.pinning);
  return await measureGrowth(bench, memory, async (calls) => {
    const flags = ["--concurrency", String(inFlight), "--requests", String(calls)];
    const options = { timeoutMs: memoryTimeoutMs, nodeFlags: reportPeakMemory };
    const { extra } = await runClient(bench, loadOf(server.url, flags), options);
    const bytes = Number(extra);
    if (!(bytes > 0)) {
      throw new Error(`Expected the load client's peak memory in bytes, got "${extra}"`);
    }
    return bytes / 1e6;
  });
}
