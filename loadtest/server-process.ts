import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

const maxOutputLength = 10_000;

/** This project's server in its own process. */
export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  close(): Promise<void>;
}

/**
 * Starts this project's server on a free port, in its own process.
 *
 * @param flags flags of `npm start` other than --port
 */
export async function startServer(flags: readonly string[] = []): Promise<ServerProcess> {
  // Without the token, nobody can start runs on this server.
  const { UNBLOCK_TOKEN: _, ...env } = process.env;
  const child = fork(
    new URL(import.meta.resolve("@unblock/server/main")),
    ["--port", "0", ...flags],
    {
      execArgv: [],
      env,
      silent: true,
      // Detached: on a terminal's Ctrl-C the server must still serve the calls in progress.
      detached: true,
    },
  );
  let output = "";
  child.stderr?.on("data", (text: Buffer) => {
    output = (output + text).slice(-maxOutputLength);
  });
  const close = keepProcess(child);
  const started = once(child, "message").then(([message]): string => message.url);
  const failed = once(child, "exit").then(([code, signal]): never => {
    const reason = signal ?? `exit code ${code}`;
    throw new Error(`The server did not start (${reason}). Its output:\n${output.trim()}`);
  });
  return { url: await Promise.race([started, failed]), pid: child.pid ?? 0, close };
}

/**
 * Ties a child process to this process: it is killed when this process exits.
 *
 * @returns a function that terminates the child with SIGTERM and waits for its exit
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
