import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { shown, startChild } from "./children.ts";
import type { Pinning } from "./pinning.ts";

/** A server in a process of its own. */
export interface ServerProcess {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** Asks it something that it knows, such as what it logged. */
  ask<Answer>(question: string): Promise<Answer>;
  close(): Promise<void>;
}

/** Starts a program that announces its URL, on the servers' core. */
export async function startServerProcess(
  program: URL,
  flags: readonly string[],
  pinning: Pinning,
  nodeFlags: readonly string[] = [],
): Promise<ServerProcess> {
  const path = fileURLToPath(program);
  const command = pinning.server([process.execPath, ...nodeFlags, path, ...flags]);
  const child = startChild(command, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const { url }: { url: string } = await messageOf(child, shown(command));
  return {
    url,
    ask: (question) => {
      child.send(question);
      return messageOf(child, shown(command));
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
    child.off("error", reject);
  }
}
