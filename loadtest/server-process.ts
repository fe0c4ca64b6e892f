import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** A server in a process of its own. */
export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  close(): Promise<void>;
}

/**
 * Starts this project's server on a free port, in a process of its own.
 *
 * @param flags those of `npm start`, but for --port
 */
export async function startServer(flags: readonly string[] = []): Promise<ServerProcess> {
  // The others are the server's own. Nobody has its runs started.
  const { UNBLOCK_TOKEN: _, ...env } = process.env;
  const child = fork(new URL("../server/main.ts", import.meta.url), ["--port", "0", ...flags], {
    execArgv: [],
    env,
    silent: true,
    // A terminal's Ctrl-C is for whoever measures; the server must still answer what is in progress.
    detached: true,
  });
  let said = "";
  child.stderr?.on("data", (text: Buffer) => {
    said = (said + text).slice(-10_000);
  });
  const close = keepProcess(child);
  const url = await Promise.race([addressOf(child), failedToStart(child, () => said)]);
  return { url, pid: child.pid ?? 0, close };
}

async function addressOf(child: ChildProcess): Promise<string> {
  const [message] = await once(child, "message");
  return message.url;
}

async function failedToStart(child: ChildProcess, said: () => string): Promise<never> {
  const [code, signal] = await once(child, "exit");
  throw new Error(
    `The server did not start (${signal ?? `exit code ${code}`}). It said:\n${said().trim()}`,
  );
}

/**
 * Keeps a child process for as long as it is measured with: it must not outlive whoever measures.
 *
 * @returns what ends it as an operator would, and resolves when it has ended
 */
export function keepProcess(child: ChildProcess): () => Promise<void> {
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  return async () => {
    process.off("exit", kill);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  };
}
