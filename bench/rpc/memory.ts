import { Http2Transport } from "@unblock/http2/client";
import { atMost, type Bench, connections, type Finding, inFlight, unit } from "../harness/bench.ts";
import { runClient } from "../harness/clients.ts";
import type { ServerProcess } from "../harness/processes.ts";
import { compare } from "../harness/ratios.ts";
import type { Resources } from "../harness/serve.ts";
import { createEchoTarget, echo, sendChecked } from "./calls.ts";
import { type ServerKind, startEchoServer } from "./servers.ts";

const fewCalls = 500_000;
const manyCalls = 5_000_000;
const wantedGrowthMb = 10;
/** Five million calls at 4,000 per second, which the slowest machine exceeds. */
const timeoutMs = 1_250_000;

/** The heap after many calls and after few, after a collection. */
export async function measureHeap(bench: Bench): Promise<Finding[]> {
  using target = createEchoTarget();
  await using server = await startEchoServer("unblock", bench.pinning);
  let calls = 0;
  const heapMbAfter = async (wanted: number) => {
    await bench.step(`memory: ${wanted.toLocaleString("en")} calls`);
    const flags = ["--concurrency", String(inFlight), "--requests", String(wanted - calls)];
    await runClient(bench, { url: server.url, target, connections, flags }, timeoutMs);
    calls = wanted;
    return (await server.ask<Resources>("resources")).heapBytes / 1e6;
  };
  const few = await heapMbAfter(fewCalls);
  const many = await heapMbAfter(manyCalls);
  const what = `the heap after 5,000,000 calls ${many.toFixed(1)} MB, after 500,000 ${few.toFixed(1)} MB`;
  return [
    {
      part: "memory",
      figures: {
        few_calls: fewCalls,
        few_calls_heap_mb: few,
        many_calls: manyCalls,
        many_calls_heap_mb: many,
        growth_mb: many - few,
        wanted_growth_mb: wantedGrowthMb,
      },
      rows: [atMost(what, many - few, wantedGrowthMb, unit("MB more", 1))],
    },
  ];
}

const idleConnections = 10_000;
/** Opened at once; a server's queue of new connections holds no more than 511. */
const batch = 250;
/** Each run starts new servers, and opens and closes all connections. */
const maxIdleRuns = 3;
const idleKinds = ["adapter", "frames", "node:http2"] as const satisfies readonly ServerKind[];

/** Resident memory that idle connections add, each of which has made one call. */
export async function measureIdle(bench: Bench): Promise<Finding[]> {
  const kilobytes = new Map(idleKinds.map((kind) => [kind, [] as number[]]));
  const runs = Math.min(bench.runs, maxIdleRuns);
  for (let run = 1; run <= runs; run++) {
    for (const kind of idleKinds) {
      await bench.step(`idle: run ${run} of ${runs}, ${kind}`);
      await using server = await startEchoServer(kind, bench.pinning);
      kilobytes.get(kind)?.push((await addedByIdle(server)) / idleConnections / 1e3);
    }
  }
  const peerOf = (kind: (typeof idleKinds)[number]) => ({
    name: kind,
    values: kilobytes.get(kind) ?? [],
  });
  const theirs = peerOf("node:http2");
  return [
    compare({
      part: "idle",
      title: `memory per connection of ${idleConnections.toLocaleString("en")} idle ones`,
      show: unit("kB", 1),
      matches: [
        { ours: peerOf("adapter"), theirs, max: 1 },
        { ours: peerOf("frames"), theirs, max: 1 },
      ],
      figures: { connections: idleConnections },
    }),
  ];
}

async function addedByIdle(server: ServerProcess): Promise<number> {
  const residentBytes = async () => (await server.ask<Resources>("resources")).residentBytes;
  // The first connections are paid for by code and tables, which all share.
  const transports = [await openIdle(server.url)];
  const before = await residentBytes();
  try {
    for (let open = 0; open < idleConnections; open += batch) {
      transports.push(await openIdle(server.url));
    }
    return (await residentBytes()) - before;
  } finally {
    for (const transport of transports) {
      transport.close();
    }
  }
}

/** Opens connections that have made one call each. */
async function openIdle(url: string): Promise<Http2Transport> {
  const tls = { insecure: false };
  const transport = new Http2Transport({ url: new URL(url), connections: batch, tls });
  await transport.connect();
  const post = echo("grpc");
  const { path, fields, body } = post;
  const request = transport.prepare({ method: "POST", path, fields }, body);
  // The transport uses its connections in turn.
  const calls = Array.from({ length: batch }, () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    sendChecked(request, post, (problem) => (problem ? reject(new Error(problem)) : resolve()));
    return promise;
  });
  await Promise.all(calls);
  return transport;
}
