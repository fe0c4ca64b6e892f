import {
  type Pinning,
  type ServerProcess,
  startServerCommand,
  startServerProcess,
} from "../harness/processes.ts";
import { buildGrpcGo } from "./grpc-go.ts";

type Start = (pinning: Pinning, nodeFlags: readonly string[]) => Promise<ServerProcess>;

function onNode(file: string, ...flags: readonly string[]): Start {
  const program = new URL(`./servers/${file}`, import.meta.url);
  return (pinning, nodeFlags) =>
    startServerProcess(program, flags, pinning, ["--expose-gc", ...nodeFlags]);
}

/** The servers that are compared, by their names in tables and in `--json`. */
export const servers = {
  unblock: onNode("unblock-server.ts"),
  adapter: onNode("unblock-server.ts", "--adapter-only"),
  "adapter, TLS": onNode("unblock-server.ts", "--adapter-only", "--tls"),
  "grpc-js": onNode("peer-server.ts", "grpc-js"),
  "grpc-js, TLS": onNode("peer-server.ts", "grpc-js", "--tls"),
  "grpc-go": async (pinning) => startServerCommand([await buildGrpcGo()], pinning),
  "connect-node": onNode("peer-server.ts", "connect-node"),
  "connect-node 1.1": onNode("peer-server.ts", "connect-node 1.1"),
  fastify: onNode("peer-server.ts", "fastify"),
  "node:http2": onNode("peer-server.ts", "node:http2"),
  frames: onNode("http2-frames-server.ts"),
} as const satisfies Record<string, Start>;

export type ServerKind = keyof typeof servers;

/** Starts a server on a free port, on the servers' core. */
export function startEchoServer(
  kind: ServerKind,
  pinning: Pinning,
  nodeFlags: readonly string[] = [],
): Promise<ServerProcess> {
  return servers[kind](pinning, nodeFlags);
}
