import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { file_echo_v1_echo } from "@unblock/proto/gen/echo/v1/echo_pb";
import type { Target } from "../harness/bench.ts";
import { type Pinning, type ServerProcess, startServerProcess } from "../harness/processes.ts";

/** The servers that are compared, by their names in tables and in `--json`. */
export const servers = {
  unblock: { file: "unblock-server.ts", flags: [] },
  adapter: { file: "unblock-server.ts", flags: ["--adapter-only"] },
  "grpc-js": { file: "peer-server.ts", flags: ["grpc-js"] },
  "connect-node": { file: "peer-server.ts", flags: ["connect-node"] },
  "connect-node 1.1": { file: "peer-server.ts", flags: ["connect-node 1.1"] },
  fastify: { file: "peer-server.ts", flags: ["fastify"] },
  "node:http2": { file: "peer-server.ts", flags: ["node:http2"] },
  frames: { file: "http2-frames-server.ts", flags: [] },
} as const satisfies Record<string, { file: string; flags: readonly string[] }>;

export type ServerKind = keyof typeof servers;

/** The RPC that all of the servers have. */
export function createEchoTarget(): Target & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "unblock-bench-"));
  const descriptorSet = join(folder, "echo.binpb");
  const set = create(FileDescriptorSetSchema, { file: [file_echo_v1_echo.proto] });
  writeFileSync(descriptorSet, toBinary(FileDescriptorSetSchema, set));
  return {
    rpc: "echo.v1.EchoService/Echo",
    descriptorSet,
    data: '{"text":"the quick brown fox","number":4711}',
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

/** Starts a server on a free port, on the servers' core. */
export function startEchoServer(
  kind: ServerKind,
  pinning: Pinning,
  nodeFlags: readonly string[] = [],
): Promise<ServerProcess> {
  const { file, flags } = servers[kind];
  const program = new URL(`./servers/${file}`, import.meta.url);
  return startServerProcess(program, flags, pinning, ["--expose-gc", ...nodeFlags]);
}
