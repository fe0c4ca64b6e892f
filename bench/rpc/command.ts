import type { BenchCommand } from "../harness/command.ts";
import { measureGrpc } from "./grpc.ts";
import { measureJson } from "./json.ts";
import { measureLatency } from "./latency.ts";
import { measureMemory } from "./memory.ts";

export const rpcBench: BenchCommand = {
  name: "rpc",
  description: "Measures the RPC layer beside other servers, and against what is to be reached.",
  title: "unblock's RPC layer",
  parts: {
    grpc: {
      about: "calls per second of CPU time over gRPC beside grpc-js and connect-node (six minutes)",
      measure: measureGrpc,
    },
    json: {
      about: "the same, JSON over HTTP/1.1 beside fastify and connect-node (eight minutes)",
      measure: measureJson,
    },
    latency: {
      about: "p99 at 5,000 calls a second beside grpc-js's (four minutes)",
      measure: measureLatency,
    },
    memory: { about: "the heap after five million calls (six minutes)", measure: measureMemory },
  },
};
