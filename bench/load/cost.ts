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
import { type Post, runClient, runGhz, runH2load } from "../harness/clients.ts";
import { loadOf, startBenchServer } from "./servers.ts";

/** Wanted ratio of calls per second of CPU to those of other clients. */
const wanted = { ghz: 4, h2load: 0.9 } as const;

/** Calls in flight on each connection. */
const streams = 12;
/** A client's cost is that of the calls that the longer run has more: its start does not count. */
const seconds = { short: 1, long: 9 } as const;
/** Unit of CPU times in /proc/PID/stat. */
const tickMs = 10;

/** An empty message in gRPC's envelope. */
const emptyMessage = Buffer.alloc(5);
const ping: Post = {
  path: "/unblock.v1.VitalsService/Ping",
  fields: { "content-type": "application/grpc+proto", te: "trailers" },
  body: emptyMessage,
  response: emptyMessage,
};

/** Runs a client. @returns number of calls */
type Run = (seconds: number) => Promise<number>;

/** CPU time per call of load clients in turn, against the null server that none of them saturates. */
export async function measureCost(bench: Bench): Promise<Finding[]> {
  await using server = await startBenchServer("http2-null", bench.pinning);
  const load = (duration: number, flags: readonly string[] = []) =>
    loadOf(server.url, [
      ...["--concurrency", String(connections * streams), "--duration", `${duration}s`],
      ...flags,
    ]);
  const clients = {
    unblock: async (duration) => (await runClient(bench, load(duration))).report.count,
    // Calls in progress at the end are awaited: if cut off, they would count as failed.
    ghz: async (duration) =>
      (await runGhz(bench, load(duration, ["--duration-stop", "wait"]))).count,
    h2load: (duration) =>
      runH2load(bench, { url: server.url, post: ping, connections, streams, seconds: duration }),
  } satisfies Record<string, Run>;
  await bench.step("warming up the server");
  await clients.unblock(seconds.short);
  const costs = await repeat(bench, async () => ({
    unblock: await costUs(clients.unblock),
    ghz: await costUs(clients.ghz),
    h2load: await costUs(clients.h2load),
  }));
  const ours = spreadOf(costs.map((cost) => cost.unblock));
  return (["ghz", "h2load"] as const).map((peer) => {
    const ratio = spreadOf(costs.map((cost) => cost[peer] / cost.unblock));
    const theirs = spreadOf(costs.map((cost) => cost[peer]));
    const us = ({ median }: Spread) => `${median.toFixed(1)} µs`;
    const what = `CPU per call: ours ${us(ours)}, ${peer} ${us(theirs)}`;
    return {
      figures: { peer, ours_us: ours, peer_us: theirs, ratio, wanted_ratio: wanted[peer] },
      rows: [atLeast(what, ratio.median, wanted[peer], factor)],
    };
  });
}

async function costUs(run: Run): Promise<number> {
  const measure = async (duration: number) => {
    const beforeMs = endedChildrenCpuMs();
    const calls = await run(duration);
    return { calls, cpuMs: endedChildrenCpuMs() - beforeMs };
  };
  const short = await measure(seconds.short);
  const long = await measure(seconds.long);
  return (1_000 * (long.cpuMs - short.cpuMs)) / (long.calls - short.calls);
}

/** CPU time of the processes that this one started and that have ended. */
function endedChildrenCpuMs(): number {
  // The program's name, in parentheses, may have blanks.
  const fields = readText("/proc/self/stat").split(") ")[1]?.split(" ") ?? [];
  return tickMs * (Number(fields[13]) + Number(fields[14]));
}
