import { fileURLToPath } from "node:url";
import type { Load, Target } from "../harness/bench.ts";
import type { Pinning } from "../harness/pinning.ts";
import { type ServerProcess, startServerProcess } from "../harness/server-process.ts";

/** The servers that clients are measured against, with what each is called in tables. */
export const servers = {
  null: { file: "null-server.ts", flags: [] },
  "http2-null": { file: "http2-null-server.ts", flags: [] },
  delaying: { file: "null-server.ts", flags: ["--delay", "10"] },
  "grpc-js": { file: "grpc-js-server.ts", flags: [] },
  stalled: { file: "stalled-server.ts", flags: [] },
} as const satisfies Record<string, { file: string; flags: readonly string[] }>;

export type ServerKind = keyof typeof servers;

/** Starts one on a free port, on the servers' core. */
export function startBenchServer(kind: ServerKind, pinning: Pinning): Promise<ServerProcess> {
  const { file, flags } = servers[kind];
  return startServerProcess(new URL(`./servers/${file}`, import.meta.url), flags, pinning);
}

/** The RPC that all of them have; it does nothing. */
const ping: Target = {
  rpc: "unblock.v1.VitalsService/Ping",
  descriptorSet: fileURLToPath(new URL("../../proto/released.binpb", import.meta.url)),
  data: "{}",
};

/** A load on Ping. */
export function loadOf(url: string, connections: number, flags: readonly string[]): Load {
  return { url, target: ping, connections, flags };
}
