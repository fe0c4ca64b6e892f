import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LatencyHistogram } from "@unblock/loadtest/histogram";
import type { Report, UnblockReport } from "@unblock/loadtest/report/report";
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

/** Time for a client that should be done long before. */
const defaultTimeoutMs = 120_000;

/** Node flags with which a program reports its peak memory in bytes, on file descriptor 3. */
export const reportPeakMemory = ["--import", new URL("./peak-memory.ts", import.meta.url).href];

interface ClientOptions {
  readonly timeoutMs?: number;
  readonly nodeFlags?: readonly string[];
}

/**
 * Runs this project's load client on the clients' core, with ghz's default deadline of 20 s. The client's
 * verdict that it was the limit itself is ignored.
 *
 * @param options `nodeFlags` for flags of Node, before the program; `timeoutMs` for loads of more than a minute
 * @returns the report, what only this client reports, and what the client wrote to file descriptor 3
 * @throws Error when a call failed or the client takes longer than `timeoutMs`
 */
export async function runClient(
  { pinning }: Bench,
  { url, target, connections, flags }: Load,
  { timeoutMs = defaultTimeoutMs, nodeFlags = [] }: ClientOptions = {},
): Promise<{ report: Report; unblock: UnblockReport; extra: string }> {
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
  return { report, unblock, extra: ended.extra };
}

/** Runs ghz on the clients' core. Fails as {@link runClient} does. */
export async function runGhz(
  { pinning, ghz }: Bench,
  { url, target, connections, flags }: Load,
): Promise<Report> {
  const command = pinning.client([
    await ghz(),
    ...["--insecure", "--protoset", target.descriptorSet, "--call", target.rpc],
    ...["--data", target.data, "--format", "json"],
    ...["--connections", String(connections), "--timeout", "20s"],
    ...flags,
    new URL(url).host,
  ]);
  return readReport({ who: "ghz", ...(await runChild(command, defaultTimeoutMs)) });
}

/** A histogram of the report. */
export function histogramOf(
  { histograms }: UnblockReport,
  name: "latency" | "lateness",
): LatencyHistogram {
  const encoded = histograms[name];
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

/** A request as it is on the wire. */
export interface Post {
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Start of the response's body. */
  readonly response: Buffer;
}

interface H2loadLoad {
  readonly url: string;
  readonly post: Post;
  readonly connections: number;
  /** Calls in flight per connection. */
  readonly streams: number;
  readonly seconds: number;
}

/** Time for the start, and for a server that does not respond. */
const graceMs = 30_000;

/**
 * Runs h2load on the clients' core. Returns the number of calls that ended within the time.
 *
 * @throws Error when h2load is not installed, a call failed, or responses are shorter than they should be
 */
export async function runH2load(
  { pinning }: Bench,
  { url, post, connections, streams, seconds }: H2loadLoad,
): Promise<number> {
  using folder = mkdtempDisposableSync(join(tmpdir(), "unblock-h2load-"));
  const body = join(folder.path, "body");
  writeFileSync(body, post.body);
  const fields = Object.entries(post.fields).flatMap(([name, value]) => [
    "-H",
    `${name}: ${value}`,
  ]);
  const command = pinning.client([
    ...(["h2load", "-c", String(connections), "-m", String(streams), "-t", "1"] as const),
    ...["-D", `${seconds}s`, "-d", body, ...fields, `${url}${post.path}`],
  ]);
  const { code, stdout, stderr } = await runChild(command, 1_000 * seconds + graceMs);
  if (code !== 0) {
    throw new Error(
      `Expected h2load to run (Debian: apt-get install nghttp2-client), got exit code ${code}: ${stderr}`,
    );
  }
  return readCalls(stdout, post.response.length);
}

/**
 * Reads the number of calls from what h2load printed. It does not know the status of gRPC, which is in the
 * trailers, so responses without their message are what tells failed calls.
 *
 * @throws Error when calls failed
 */
export function readCalls(output: string, responseBytes: number): number {
  const numberIn = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  const calls = numberIn(/(\d+) succeeded/);
  const failed = numberIn(/succeeded, (\d+) failed/);
  const received = numberIn(/\((\d+)\) data$/m);
  if (!(calls > 0 && failed === 0 && received >= calls * responseBytes)) {
    throw new Error(
      `Expected h2load to have no failed call and ${responseBytes} bytes per response, got:\n${output.trim()}`,
    );
  }
  return calls;
}
