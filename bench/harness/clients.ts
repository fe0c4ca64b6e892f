import { LatencyHistogram } from "@unblock/loadtest/histogram";
import type { FullReport, Report } from "@unblock/loadtest/report/report";
import type { GoTool } from "@unblock/terminal/go-tool";
import type { Bench, Load } from "./bench.ts";
import { runChild } from "./processes.ts";

/** The version that all published figures are compared with. */
export const ghzTool: GoTool = {
  name: "ghz",
  module: "github.com/bojand/ghz",
  folder: "cmd/ghz",
  version: "v0.93.0",
};

/** Node flags with which a program reports its peak memory in bytes, on file descriptor 3. */
export const reportPeakMemory = ["--import", new URL("./peak-memory.ts", import.meta.url).href];

/**
 * Runs this project's load client on the clients' core, with ghz's default deadline of 20 s. The client's
 * verdict that it was the limit itself is ignored.
 *
 * @param nodeFlags flags of Node, before the program
 * @returns the report, and what the client wrote to file descriptor 3
 * @throws Error when a call failed or the client takes longer than `timeoutMs`
 */
export async function runClient(
  { pinning }: Bench,
  { url, target, connections, flags }: Load,
  timeoutMs: number,
  nodeFlags: readonly string[] = [],
): Promise<{ readonly report: FullReport; readonly extra: string }> {
  const command = pinning.client([
    process.execPath,
    ...nodeFlags,
    ...["loadtest/main.ts", target.rpc, "--url", url, "--descriptor-set", target.descriptorSet],
    ...["--data", target.data, "--connections", String(connections), "--threads", "1"],
    ...["--timeout", "20s", "--json"],
    ...flags,
  ]);
  const who = "the load client";
  const ended = await runChild(command, timeoutMs);
  const report = readReport({ who, ...ended });
  const { unblock } = report;
  if (unblock === undefined) {
    throw new Error(`Expected ${who}'s report to have the key "unblock", got none`);
  }
  return { report: { ...report, unblock }, extra: ended.extra };
}

/** Runs ghz on the clients' core. Fails as {@link runClient} does. */
export async function runGhz(
  { pinning, ghz }: Bench,
  { url, target, connections, flags }: Load,
  timeoutMs: number,
): Promise<Report> {
  const command = pinning.client([
    await ghz(),
    ...["--insecure", "--protoset", target.descriptorSet, "--call", target.rpc],
    ...["--data", target.data, "--format", "json"],
    ...["--connections", String(connections), "--timeout", "20s"],
    ...flags,
    new URL(url).host,
  ]);
  return readReport({ who: "ghz", ...(await runChild(command, timeoutMs)) });
}

/** A histogram of the report. */
export function histogramOf(
  { unblock }: FullReport,
  name: "latency" | "service" | "lateness",
): LatencyHistogram {
  const encoded = unblock.histograms[name];
  if (encoded === undefined) {
    throw new Error(`Expected the load client's report to have a histogram of ${name}, got none`);
  }
  return LatencyHistogram.decode(encoded);
}

interface Output {
  readonly who: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Parses the report that a load client printed.
 *
 * @throws Error when there is none, or when a call failed: a failure is faster than a response and must not
 * count as one
 */
export function readReport(output: Output): Report {
  const report = readAnyReport(output);
  const codes = report.statusCodeDistribution ?? {};
  if (Object.keys(codes).some((name) => name !== "OK") || report.count === 0) {
    const messages = Object.keys(report.errorDistribution ?? {}).slice(0, 3);
    throw new Error(
      `Expected ${output.who} to have no failed call, got ${JSON.stringify(codes)} ${messages.join("; ")}`,
    );
  }
  return report;
}

/**
 * Parses the report that a load client printed, which may have failed calls.
 *
 * @throws Error when there is none
 */
export function readAnyReport({ who, code, stdout, stderr }: Output): Report {
  let report: Partial<Report> | null;
  try {
    report = JSON.parse(stdout);
  } catch {
    report = null;
  }
  if (!isReport(report)) {
    const got = stdout.trim() === "" ? "nothing" : `"${stdout.trim().slice(0, 200)}"`;
    const why = stderr === "" ? ", with nothing on standard error" : `: ${stderr}`;
    throw new Error(`Expected ${who} to print its report, got ${got}; exit code ${code}${why}`);
  }
  return report;
}

function isReport(value: Partial<Report> | null): value is Report {
  return [value?.count, value?.total, value?.rps].every((figure) => typeof figure === "number");
}
