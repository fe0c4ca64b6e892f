import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { shown, startChild } from "./children.ts";
import type { Pinning } from "./pinning.ts";
import type { StallLog } from "./servers/stalled-server.ts";

/** The servers that clients are measured against, with what each is called in tables. */
export const servers = {
  null: { file: "null-server.ts", flags: [] },
  delaying: { file: "null-server.ts", flags: ["--delay", "10"] },
  "grpc-js": { file: "grpc-js-server.ts", flags: [] },
  stalled: { file: "stalled-server.ts", flags: [] },
} as const satisfies Record<string, { file: string; flags: readonly string[] }>;

export type ServerKind = keyof typeof servers;

/** A server in a process of its own. */
export interface RunningServer {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** What the stalled server logged. */
  stallLog(): Promise<StallLog>;
  close(): Promise<void>;
}

/** Starts a server on a free port, on the servers' core. */
export async function startBenchServer(kind: ServerKind, pinning: Pinning): Promise<RunningServer> {
  const { file, flags } = servers[kind];
  const path = fileURLToPath(new URL(`./servers/${file}`, import.meta.url));
  const command = pinning.server([process.execPath, path, ...flags]);
  const child = startChild(command, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const { url }: { url: string } = await messageOf(child, shown(command));
  return {
    url,
    stallLog: () => {
      child.send("log");
      return messageOf<StallLog>(child, shown(command));
    },
    close: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
    },
  };
}

async function messageOf<Message>(child: ChildProcess, name: string): Promise<Message> {
  const { promise, resolve, reject } = Promise.withResolvers<Message>();
  const onExit = (code: number | null, signal: NodeJS.Signals | null) =>
    reject(new Error(`Expected ${name} to serve, but it ended (${signal ?? `exit code ${code}`})`));
  child.once("message", resolve);
  child.once("exit", onExit);
  child.once("error", reject);
  try {
    return await promise;
  } finally {
    child.off("exit", onExit);
  }
}
