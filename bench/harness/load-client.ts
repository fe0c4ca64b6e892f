import { LatencyHistogram } from "../../loadtest/histogram.ts";
import type { Report, UnblockReport } from "../../loadtest/report/report.ts";
import type { Load } from "./bench.ts";
import { type Command, runChild } from "./children.ts";
import { readReport } from "./read-report.ts";

/** Our load client's report, which has more than ghz's. */
export interface OwnReport extends Report {
  readonly unblock: UnblockReport;
}

/** Flags of Node with which a program tells its peak memory, as the `extra` of how it ended. */
export const tellPeakMemory = ["--import", new URL("./peak-memory.ts", import.meta.url).href];

/** The load client as people run it, with the deadline that ghz has by default. */
export function clientCommand(
  { url, target, connections, flags }: Load,
  nodeFlags: readonly string[] = [],
): Command {
  return [
    process.execPath,
    ...nodeFlags,
    ...["loadtest/main.ts", target.rpc, "--url", url, "--descriptor-set", target.descriptorSet],
    ...["--data", target.data, "--connections", String(connections), "--threads", "1"],
    ...["--timeout", "20s", "--json"],
    ...flags,
  ];
}

/** Runs the load client and reads its report. That it was itself the limit is no matter here. */
export async function runClient(
  command: Command,
  limitMs: number,
): Promise<{ report: OwnReport; extra: string }> {
  const who = "the load client";
  const { code, stdout, stderr, extra } = await runChild(command, limitMs);
  const report = readReport({ who, code, stdout, stderr });
  const { unblock } = report;
  if (unblock === undefined) {
    throw new Error(`Expected ${who}'s report to have the key "unblock", got none`);
  }
  return { report: { ...report, unblock }, extra };
}

/** A histogram of the report. */
export function histogramOf(
  { unblock }: OwnReport,
  name: "latency" | "service" | "lateness",
): LatencyHistogram {
  const encoded = unblock.histograms[name];
  if (encoded === undefined) {
    throw new Error(`Expected the load client's report to have a histogram of ${name}, got none`);
  }
  return LatencyHistogram.decode(encoded);
}
