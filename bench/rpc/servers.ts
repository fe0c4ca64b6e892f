import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Pinning,
  runChild,
  type ServerProcess,
  startServerCommand,
  startServerProcess,
} from "../harness/processes.ts";

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
  frames: onNode("peer-server.ts", "frames"),
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

const goSource = fileURLToPath(new URL("./servers/grpc-go", import.meta.url));
/** Ignored by Git. */
const goProgram = fileURLToPath(new URL("../../.unblock/bin/grpc-go-echo", import.meta.url));
/** Includes the download of grpc-go. */
const goBuildTimeoutMs = 600_000;

/**
 * Builds the server on grpc-go, which takes a second when it is built already. Returns its path.
 *
 * @throws Error when Go is not installed or the build fails
 */
async function buildGrpcGo(): Promise<string> {
  mkdirSync(dirname(goProgram), { recursive: true });
  const build = runChild(["go", "build", "-C", goSource, "-o", goProgram, "."], goBuildTimeoutMs);
  const { code, stderr } = await build.catch((error: NodeJS.ErrnoException) => {
    const hint =
      "Expected Go, to build the server on grpc-go, found none: get it from https://go.dev/dl";
    throw error.code === "ENOENT" ? new Error(hint) : error;
  });
  if (code !== 0) {
    throw new Error(`Expected Go to build the server on grpc-go, got:\n${stderr}`);
  }
  return goProgram;
}
