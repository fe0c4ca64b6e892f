import { fileURLToPath } from "node:url";
import { connections, type Load, type Target } from "../harness/bench.ts";
import { type Pinning, type ServerProcess, startServerProcess } from "../harness/processes.ts";

/** The servers that load clients are measured against, by their names in tables. */
export const servers = {
  null: ["null-server.ts"],
  "http2-null": ["null-server.ts", "frames"],
  delaying: ["null-server.ts", "--delay", "10"],
  "grpc-js": ["null-server.ts", "grpc-js"],
  stalled: ["stalled-server.ts"],
} as const satisfies Record<string, readonly [file: string, ...flags: string[]]>;

export type ServerKind = keyof typeof servers;

/** Starts a server on a free port, on the servers' core. */
export function startBenchServer(kind: ServerKind, pinning: Pinning): Promise<ServerProcess> {
  const [file, ...flags] = servers[kind];
  return startServerProcess(new URL(`./servers/${file}`, import.meta.url), flags, pinning);
}

/** An RPC that all of the servers have. It does nothing. */
const ping: Target = {
  rpc: "unblock.v1.VitalsService/Ping",
  descriptorSet: fileURLToPath(new URL("../../proto/released.binpb", import.meta.url)),
  data: "{}",
};

/** A load on Ping. */
export function loadOf(url: string, flags: readonly string[], onConnections = connections): Load {
  return { url, target: ping, connections: onConnections, flags };
}
