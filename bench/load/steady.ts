import type { Interval } from "../../loadtest/report/report.ts";
import { type Bench, connections, type Finding } from "../harness/bench.ts";
import { clientCommand, histogramOf, runClient } from "../harness/load-client.ts";
import { type Spread, spreadOf } from "../harness/spread.ts";
import { loadOf, startBenchServer } from "./servers.ts";

const perSecond = 2_000;
const seconds = 30;
/** The part by which the rate may be off. */
const wantedOff = 0.005;
const wantedLateMs = 3;
const runLimitMs = 90_000;
/** Half a minute each is enough of them. */
const mostRuns = 3;

/** A steady open loop: whether calls leave as often as they should, and when they should. */
export async function measureSteady(bench: Bench): Promise<Finding[]> {
  const server = await startBenchServer("null", bench.pinning);
  const sent: number[] = [];
  const lateMs: number[] = [];
  const runs = Math.min(bench.runs, mostRuns);
  try {
    for (let run = 1; run <= runs; run++) {
      await bench.step(`steady: ${perSecond} calls a second for ${seconds} s, ${run} of ${runs}`);
      const flags = ["--rate", String(perSecond), "--duration", `${seconds}s`];
      const { report } = await runClient(
        bench.pinning.client(clientCommand(loadOf(server.url, connections, flags))),
        runLimitMs,
      );
      sent.push(sentWithin(report.unblock.intervals, seconds));
      lateMs.push(histogramOf(report, "lateness").percentile(99));
    }
  } finally {
    await server.close();
  }
  return [findingOf(spreadOf(sent).median, spreadOf(lateMs))];
}

/** Calls sent in time; a call that is sent after the load's end was none of its rate. */
export function sentWithin(
  intervals: readonly Pick<Interval, "start_ms" | "sent">[],
  timeSeconds: number,
): number {
  return intervals
    .filter(({ start_ms }) => start_ms < timeSeconds * 1_000)
    .reduce((sum, { sent }) => sum + sent, 0);
}

function findingOf(sent: number, lateP99Ms: Spread): Finding {
  const sentPerSecond = sent / seconds;
  const off = sentPerSecond / perSecond - 1;
  return {
    part: "steady",
    figures: {
      rate_per_second: perSecond,
      seconds,
      sent,
      sent_per_second: sentPerSecond,
      off_percent: off * 100,
      wanted_off_percent: wantedOff * 100,
      late_p99_ms: lateP99Ms,
      wanted_late_p99_ms: wantedLateMs,
    },
    rows: [
      {
        what: `${perSecond.toLocaleString("en")} calls/s for ${seconds} s: sent a second`,
        measured: sentPerSecond.toLocaleString("en", { maximumFractionDigits: 1 }),
        wanted: `± ${wantedOff * 100} %`,
        reached: Math.abs(off) <= wantedOff,
      },
      {
        what: "p99 of how late calls were sent",
        measured: `${lateP99Ms.median.toFixed(2)} ms`,
        wanted: `< ${wantedLateMs} ms`,
        reached: lateP99Ms.median < wantedLateMs,
      },
    ],
  };
}
