import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { file_echo_v1_echo } from "../../gen/echo/v1/echo_pb.ts";
import type { Target } from "../harness/bench.ts";
import type { Pinning } from "../harness/pinning.ts";
import { type ServerProcess, startServerProcess } from "../harness/server-process.ts";

/** The servers that are compared, by what each is called in tables and in `--json`. */
export const servers = {
  unblock: { file: "unblock-server.ts", flags: [] },
  adapter: { file: "adapter-server.ts", flags: [] },
  "grpc-js": { file: "grpc-js-server.ts", flags: [] },
  "connect-node": { file: "stock-server.ts", flags: [] },
  "connect-node 1.1": { file: "stock-server.ts", flags: ["--http", "1.1"] },
  fastify: { file: "fastify-server.ts", flags: [] },
  "node:http2": { file: "http2-server.ts", flags: [] },
  frames: { file: "http2-frames-server.ts", flags: [] },
} as const satisfies Record<string, { file: string; flags: readonly string[] }>;

export type ServerKind = keyof typeof servers;

/** What all of them serve. */
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

/** Starts one on a free port, on the servers' core. */
export function startEchoServer(kind: ServerKind, pinning: Pinning): Promise<ServerProcess> {
  const { file, flags } = servers[kind];
  const program = new URL(`./servers/${file}`, import.meta.url);
  return startServerProcess(program, flags, pinning, ["--expose-gc"]);
}

/** Those of some kinds, for as long as they are compared. */
export async function startEchoServers<Kind extends ServerKind>(
  kinds: readonly Kind[],
  pinning: Pinning,
): Promise<Peers<Kind>> {
  const started: { kind: Kind; server: ServerProcess }[] = [];
  const close = async () => {
    await Promise.all(started.map(({ server }) => server.close()));
  };
  try {
    for (const kind of kinds) {
      started.push({ kind, server: await startEchoServer(kind, pinning) });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { all: started, close };
}

export interface Peers<Kind extends ServerKind> {
  readonly all: readonly { readonly kind: Kind; readonly server: ServerProcess }[];
  close(): Promise<void>;
}
