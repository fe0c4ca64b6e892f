import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readText } from "@unblock/measure/proc";
import {
  atLeast,
  type Bench,
  connections,
  type Finding,
  factor,
  repeat,
  type Spread,
  spreadOf,
} from "../harness/bench.ts";
import { runClient, runGhz } from "../harness/clients.ts";
import { runChild } from "../harness/processes.ts";
import { loadOf, startBenchServer } from "./servers.ts";

/** Wanted ratio of calls per second of CPU to those of other clients. */
const wanted = { ghz: 4, h2load: 0.9 } as const;

/** Calls in flight on each connection. */
const streams = 12;
/**
 * A client's cost per call is that of the calls that a second run has more, so its start does not count.
 * Many enough that the start, whose cost varies by 0.1 s, does not show; ghz takes ten times as long.
 */
const calls = {
  unblock: { few: 100_000, many: 1_100_000 },
  ghz: { few: 20_000, many: 220_000 },
  h2load: { few: 100_000, many: 1_100_000 },
} as const;
const timeoutMs = 120_000;
/** Unit of CPU times in /proc/PID/stat. */
const tickMs = 10;

type RunCalls = (count: number) => Promise<unknown>;

/** CPU time per call of load clients in turn, against the null server that none of them saturates. */
export async function measureCost(bench: Bench): Promise<Finding[]> {
  await using server = await startBenchServer("http2-null", bench.pinning);
  const loop = ["--concurrency", String(connections * streams)];
  const load = (flags: readonly string[]) => loadOf(server.url, [...loop, ...flags]);
  const clients = {
    unblock: (count) => runClient(bench, load(["--requests", String(count)]), timeoutMs),
    ghz: (count) => runGhz(bench, load(["--total", String(count)]), timeoutMs),
    h2load: (count) => runH2load(bench, server.url, count),
  } satisfies Record<string, RunCalls>;
  await bench.step("cost: warming up the server");
  await clients.unblock(calls.unblock.few);
  const costs = await repeat(bench, "cost: all clients", async () => ({
    unblock: await costUs(clients.unblock, calls.unblock),
    ghz: await costUs(clients.ghz, calls.ghz),
    h2load: await costUs(clients.h2load, calls.h2load),
  }));
  return (["ghz", "h2load"] as const).map((peer) => {
    const ratio = spreadOf(costs.map((cost) => cost[peer] / cost.unblock));
    const [ours, theirs] = [
      spreadOf(costs.map((cost) => cost.unblock)),
      spreadOf(costs.map((cost) => cost[peer])),
    ];
    const us = ({ median }: Spread) => `${median.toFixed(1)} µs`;
    const what = `CPU per call: ours ${us(ours)}, ${peer} ${us(theirs)}`;
    return {
      part: "cost",
      figures: { peer, ours_us: ours, peer_us: theirs, ratio, wanted_ratio: wanted[peer] },
      rows: [atLeast(what, ratio.median, wanted[peer], factor)],
    };
  });
}

async function costUs(
  run: RunCalls,
  { few, many }: { readonly few: number; readonly many: number },
): Promise<number> {
  const cpuMs = async (count: number) => {
    const beforeMs = endedChildrenCpuMs();
    await run(count);
    return endedChildrenCpuMs() - beforeMs;
  };
  const fewMs = await cpuMs(few);
  const manyMs = await cpuMs(many);
  return (1_000 * (manyMs - fewMs)) / (many - few);
}

/** CPU time of the processes that this one started and that have ended. */
function endedChildrenCpuMs(): number {
  // The program's name, in parentheses, may have blanks.
  const [, fields = ""] = readText("/proc/self/stat").split(") ");
  const [userTicks = Number.NaN, systemTicks = Number.NaN] = fields
    .split(" ")
    .slice(13, 15)
    .map(Number);
  return tickMs * (userTicks + systemTicks);
}

/** @throws Error when h2load is not installed, or a call failed */
async function runH2load({ pinning }: Bench, url: string, count: number): Promise<void> {
  using folder = mkdtempDisposableSync(join(tmpdir(), "unblock-h2load-"));
  const body = join(folder.path, "body");
  // An empty message in gRPC's envelope.
  writeFileSync(body, Buffer.alloc(5));
  const command = pinning.client([
    ...(["h2load", "-n", String(count), "-c", String(connections), "-m", String(streams)] as const),
    ...["-H", "content-type: application/grpc+proto", "-H", "te: trailers", "-d", body],
    `${url}/unblock.v1.VitalsService/Ping`,
  ]);
  const { stdout } = await runChild(command, timeoutMs);
  if (!stdout.includes(`${count} succeeded, 0 failed`)) {
    throw new Error(`Expected h2load to have no failed call, got:\n${stdout.trim()}`);
  }
}
