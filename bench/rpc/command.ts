import {
  atMost,
  type Bench,
  connections,
  type Finding,
  inFlight,
  spreadOf,
  unit,
} from "../harness/bench.ts";
import { histogramOf, runClient } from "../harness/clients.ts";
import type { BenchCommand } from "../harness/command.ts";
import { startAll } from "../harness/processes.ts";
import { createEchoTarget, type ServerKind, startEchoServer } from "./servers.ts";
import {
  type Comparison,
  compareThroughput,
  type Driver,
  ghzDriver,
  jsonDriver,
  ownDriver,
} from "./throughput.ts";

export const rpcBench: BenchCommand = {
  name: "rpc",
  description: "Measures the RPC layer beside other servers, and against its targets.",
  title: "unblock's RPC layer",
  parts: {
    grpc: {
      about:
        "calls per second of CPU time over gRPC beside grpc-js and connect-node (seven minutes)",
      measure: measureGrpc,
    },
    json: {
      about: "the same, JSON over HTTP/1.1 beside fastify and connect-node (eight minutes)",
      measure: measureJson,
    },
    latency: {
      about: "p99 at 5,000 calls per second beside grpc-js's (four minutes)",
      measure: measureLatency,
    },
    memory: { about: "the heap after five million calls (six minutes)", measure: measureMemory },
  },
};

/** Two servers to compare, and the wanted ratio of their calls per CPU time. */
interface Pair<Kind extends ServerKind> {
  readonly ours: Kind;
  readonly theirs: Kind;
  readonly ratio: number | undefined;
}

function findingOf<Kind extends ServerKind>(
  part: string,
  kinds: readonly Kind[],
  pairs: readonly Pair<Kind>[],
  comparison: Comparison<Kind>,
  driver: Driver,
): Finding {
  return {
    part,
    figures: {
      client: driver.name,
      servers: Object.fromEntries(kinds.map((kind) => [kind, comparison.of(driver, kind)])),
      ratios: Object.fromEntries(
        pairs.map(({ ours, theirs }) => [
          `${ours} / ${theirs}`,
          comparison.ratio(driver, ours, theirs),
        ]),
      ),
    },
    rows: pairs.map(({ ours, theirs, ratio }) => comparison.row(driver, ours, theirs, ratio)),
  };
}

/** A unary echo over gRPC. */
async function measureGrpc(bench: Bench): Promise<Finding[]> {
  const kinds = ["unblock", "adapter", "grpc-js", "connect-node", "node:http2", "frames"] as const;
  const pairs = [
    { ours: "adapter", theirs: "grpc-js", ratio: 1.2 },
    { ours: "adapter", theirs: "connect-node", ratio: 4 },
    { ours: "unblock", theirs: "grpc-js", ratio: 1 },
    { ours: "adapter", theirs: "node:http2", ratio: undefined },
    { ours: "frames", theirs: "node:http2", ratio: 2.5 },
  ] as const;
  using target = createEchoTarget();
  const drivers = [ownDriver(connections), ghzDriver];
  const comparison = await compareThroughput(bench, target, "grpc", kinds, drivers);
  return drivers.map((driver) => findingOf("grpc", kinds, pairs, comparison, driver));
}

/** A unary echo over HTTP/1.1, as JSON by POST. */
async function measureJson(bench: Bench): Promise<Finding[]> {
  const kinds = ["unblock", "adapter", "fastify", "connect-node 1.1"] as const;
  const pairs = [
    { ours: "adapter", theirs: "fastify", ratio: 1 },
    { ours: "unblock", theirs: "fastify", ratio: undefined },
    { ours: "adapter", theirs: "connect-node 1.1", ratio: undefined },
  ] as const;
  // The machine varies more from turn to turn than the adapter differs from fastify.
  const rounds = 3;
  using target = createEchoTarget();
  const driver = jsonDriver(inFlight);
  const comparison = await compareThroughput(bench, target, "json", kinds, [driver], rounds);
  return [findingOf("json", kinds, pairs, comparison, driver)];
}

const latency = {
  kinds: ["unblock", "adapter", "grpc-js"],
  perSecond: 5_000,
  /** Short and many turns, so that few of them contain a moment in which the whole machine is slow. */
  turnSeconds: 2,
  turns: 3,
  timeoutMs: 60_000,
} as const;

/** Latency of an open loop over gRPC. */
async function measureLatency(bench: Bench): Promise<Finding[]> {
  const { kinds, perSecond, turnSeconds, turns, timeoutMs } = latency;
  type Kind = (typeof kinds)[number];
  using target = createEchoTarget();
  const p99Ms = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]));
  await using peers = await startAll(kinds, (kind) => startEchoServer(kind, bench.pinning));
  const flags = ["--rate", String(perSecond), "--duration", `${turnSeconds}s`, "--warmup", "1s"];
  for (let run = 1; run <= bench.runs; run++) {
    const ofRun = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]));
    for (let turn = 0; turn < turns; turn++) {
      for (const { kind, server } of turn % 2 === 0 ? peers.all : peers.all.toReversed()) {
        await bench.step(`latency: ${kind}, ${run} of ${bench.runs}`);
        const load = { url: server.url, target, connections, flags };
        const { report } = await runClient(bench, load, timeoutMs);
        ofRun.get(kind)?.push(histogramOf(report, "latency").percentile(99));
      }
    }
    for (const [kind, values] of ofRun) {
      p99Ms.get(kind)?.push(spreadOf(values).median);
    }
  }
  const p99Of = (kind: Kind) => spreadOf(p99Ms.get(kind) ?? []);
  const theirs = p99Of("grpc-js").median;
  const rowOf = (kind: Kind) => {
    const what = `p99 of ${kind} at ${perSecond.toLocaleString("en")} calls/s`;
    const row = atMost(what, p99Of(kind).median, theirs, unit("ms", 2));
    return { ...row, wanted: `${row.wanted} (grpc-js)` };
  };
  return [
    {
      part: "latency",
      figures: {
        rate_per_second: perSecond,
        turns_a_run: turns,
        seconds_a_turn: turnSeconds,
        p99_ms: Object.fromEntries(kinds.map((kind) => [kind, p99Of(kind)])),
      },
      rows: [rowOf("unblock"), rowOf("adapter")],
    },
  ];
}

const memory = {
  fewCalls: 500_000,
  manyCalls: 5_000_000,
  wantedGrowthMb: 10,
  /** Five million calls at 4,000 per second, which the slowest machine exceeds. */
  timeoutMs: 1_250_000,
};

/** The heap after many calls and after few, after a collection. */
async function measureMemory(bench: Bench): Promise<Finding[]> {
  const { fewCalls, manyCalls, wantedGrowthMb, timeoutMs } = memory;
  using target = createEchoTarget();
  await using server = await startEchoServer("unblock", bench.pinning);
  let calls = 0;
  const heapMbAfter = async (wanted: number) => {
    await bench.step(`memory: ${wanted.toLocaleString("en")} calls`);
    const flags = ["--concurrency", String(inFlight), "--requests", String(wanted - calls)];
    await runClient(bench, { url: server.url, target, connections, flags }, timeoutMs);
    calls = wanted;
    return (await server.ask<number>("heapBytes")) / 1e6;
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
