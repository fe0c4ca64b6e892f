import { type Bench, type Finding, inFlight } from "../harness/bench.ts";
import type { BenchCommand } from "../harness/command.ts";
import { count, createEchoTarget, echo, type Messages, mirror, repeat } from "./calls.ts";
import { compareServers } from "./compare.ts";
import {
  type Driver,
  ghzDriver,
  h2loadDriver,
  jsonDriver,
  ownDriver,
  streamDriver,
} from "./drivers.ts";
import { measureLatency } from "./latency.ts";
import { measureHeap, measureIdle } from "./memory.ts";

export const rpcBench: BenchCommand = {
  name: "rpc",
  description: "Measures the RPC layer beside other servers, and against its targets.",
  title: "unblock's RPC layer beside its peers",
  parts: {
    grpc: {
      about: "unary calls per CPU second over gRPC, by three clients (eleven minutes)",
      measure: measureGrpc,
    },
    tls: { about: "the same over TLS, beside grpc-js (two minutes)", measure: measureTls },
    streaming: {
      about: "messages per CPU second in streams of 1,000 messages (four minutes)",
      measure: measureStreaming,
    },
    large: { about: "the same with one message of 1 MiB (two minutes)", measure: measureLarge },
    connect: {
      about: "calls per CPU second over Connect and gRPC-Web, beside gRPC (two minutes)",
      measure: measureConnect,
    },
    json: {
      about: "the same, JSON over HTTP/1.1 beside fastify and connect-node (eight minutes)",
      measure: measureJson,
    },
    latency: {
      about: "p99 at 5,000 calls per second beside grpc-js's (four minutes)",
      measure: (bench) =>
        measureLatency(bench, {
          perSecond: 5_000,
          ours: ["unblock", "adapter"],
          theirs: "grpc-js",
        }),
    },
    tail: {
      about: "p99 at 20,000 calls per second beside grpc-go's (three minutes)",
      measure: (bench) =>
        measureLatency(bench, {
          perSecond: 20_000,
          ours: ["adapter"],
          theirs: "grpc-go",
        }),
    },
    idle: {
      about: "memory of 10,000 idle connections beside node:http2's (two minutes)",
      measure: measureIdle,
    },
    memory: { about: "the heap after five million calls (six minutes)", measure: measureHeap },
  },
};

async function measureGrpc(bench: Bench): Promise<Finding[]> {
  using target = createEchoTarget();
  const drivers = [ownDriver(target), ghzDriver(target), h2loadDriver("h2load", echo("grpc"))];
  const pairs = [
    ["adapter", "grpc-js", 4],
    ["adapter", "grpc-go", 1],
    ["unblock", "grpc-js", 2.5],
    ["adapter", "connect-node", 4],
    ["adapter", "node:http2"],
    ["frames", "node:http2", 2.5],
  ] as const;
  const groups = drivers.map((driver) => ({ name: `by ${driver.name}`, driver, pairs }));
  return await compareServers(bench, { unit: "calls", groups });
}

async function measureTls(bench: Bench): Promise<Finding[]> {
  const driver = h2loadDriver("h2load", echo("grpc"));
  const pairs = [["adapter, TLS", "grpc-js, TLS", 2.5]] as const;
  const groups = [{ name: "by h2load", driver, pairs }];
  return await compareServers(bench, { unit: "calls", groups });
}

async function measureStreaming(bench: Bench): Promise<Finding[]> {
  const groups = streamDrivers({ bytes: 100, times: 1_000 }).map((driver) => {
    const min = driver.name === "server stream" ? 2.5 : 2;
    const pairs = [
      ["adapter", "grpc-js", min],
      ["adapter", "grpc-go"],
    ] as const;
    return { name: driver.name, driver, pairs };
  });
  return await compareServers(bench, { unit: "messages", groups });
}

async function measureLarge(bench: Bench): Promise<Finding[]> {
  const pairs = [["adapter", "grpc-js", 1]] as const;
  const drivers = streamDrivers({ bytes: 1024 * 1024, times: 1 });
  const groups = drivers.map((driver) => ({ name: driver.name, driver, pairs }));
  return await compareServers(bench, { unit: "messages", groups });
}

function streamDrivers(messages: Messages): Driver[] {
  return [
    streamDriver("server stream", repeat("grpc", messages), messages.times),
    streamDriver("client stream", count("grpc", messages), messages.times),
    streamDriver("bidirectional stream", mirror("grpc", messages), messages.times),
  ];
}

async function measureConnect(bench: Bench): Promise<Finding[]> {
  const theirDriver = h2loadDriver("h2load with gRPC", echo("grpc"));
  const pairs = [["adapter", "grpc-js", 3]] as const;
  const groups = [
    { name: "Connect / gRPC", driver: h2loadDriver("h2load with Connect", echo("connect")) },
    { name: "gRPC-Web / gRPC", driver: h2loadDriver("h2load with gRPC-Web", echo("grpc-web")) },
  ].map((load) => ({ ...load, theirDriver, pairs }));
  return await compareServers(bench, { unit: "calls", groups });
}

async function measureJson(bench: Bench): Promise<Finding[]> {
  using target = createEchoTarget();
  const driver = jsonDriver(target, inFlight);
  const pairs = [
    ["adapter", "fastify", 1],
    ["unblock", "fastify"],
    ["adapter", "connect-node 1.1"],
  ] as const;
  const groups = [{ name: `by ${driver.name}`, driver, pairs }];
  // The machine varies more from turn to turn than the adapter differs from fastify.
  return await compareServers(bench, { unit: "calls", groups, rounds: 3 });
}
