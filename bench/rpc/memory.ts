import { Http2Transport } from "@unblock/http2/client";
import {
  type Bench,
  connections,
  type Finding,
  inFlight,
  measureGrowth,
  repeat,
  unit,
} from "../harness/bench.ts";
import { runClient } from "../harness/clients.ts";
import type { ServerProcess } from "../harness/processes.ts";
import { compare } from "../harness/ratios.ts";
import type { Resources } from "../harness/serve.ts";
import { createEchoTarget, echo, prepareChecked } from "./calls.ts";
import { type ServerKind, startEchoServer } from "./servers.ts";

const growth = { what: "heap", fewCalls: 500_000, manyCalls: 5_000_000, wantedMb: 10 };
/** Five million calls at 4,000 per second, which the slowest machine exceeds. */
const timeoutMs = 1_250_000;

/** The heap after many calls and after few, after a collection. */
export async function measureHeap(bench: Bench): Promise<Finding> {
  using target = createEchoTarget();
  await using server = await startEchoServer("unblock", bench.pinning);
  let calls = 0;
  return await measureGrowth(bench, growth, async (wanted) => {
    const flags = ["--concurrency", String(inFlight), "--requests", String(wanted - calls)];
    await runClient(bench, { url: server.url, target, connections, flags }, { timeoutMs });
    calls = wanted;
    return (await server.ask<Resources>("resources")).heapBytes / 1e6;
  });
}

const idleConnections = 10_000;
/** Opened at once; a server's queue of new connections holds no more than 511. */
const batch = 250;
/** Each run starts new servers, and opens and closes all connections. */
const maxIdleRuns = 3;

/** Resident memory that idle connections add, each of which has made one call. */
export async function measureIdle(bench: Bench): Promise<Finding> {
  const kilobytesBy = async (kind: ServerKind) => {
    await bench.step(kind);
    await using server = await startEchoServer(kind, bench.pinning);
    return (await addedByIdle(server)) / idleConnections / 1e3;
  };
  const few = { ...bench, runs: Math.min(bench.runs, maxIdleRuns) };
  const runs = await repeat(few, async () => ({
    adapter: await kilobytesBy("adapter"),
    frames: await kilobytesBy("frames"),
    "node:http2": await kilobytesBy("node:http2"),
  }));
  const peerOf = (name: "adapter" | "frames" | "node:http2") => ({
    name,
    values: runs.map((run) => run[name]),
  });
  const theirs = peerOf("node:http2");
  return compare({
    title: `memory per connection of ${idleConnections.toLocaleString("en")} idle ones`,
    show: unit("kB", 1),
    matches: [
      { ours: peerOf("adapter"), theirs, max: 1 },
      { ours: peerOf("frames"), theirs, max: 1 },
    ],
    figures: { connections: idleConnections },
  });
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
  const send = prepareChecked(transport, echo("grpc"));
  // The transport uses its connections in turn.
  const calls = Array.from({ length: batch }, () => new Promise<string | undefined>(send));
  const problem = (await Promise.all(calls)).find((one) => one !== undefined);
  if (problem !== undefined) {
    throw new Error(problem);
  }
  return transport;
}
