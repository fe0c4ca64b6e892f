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
  const server = new URL(import.meta.resolve("@unblock/server/main"));
  const child = fork(server, ["--port", "0", ...flags], {
    execArgv: [],
    env,
    silent: true,
    // Detached: on a terminal's Ctrl-C the server must still serve the calls in progress.
    detached: true,
  });
  let output = "";
  child.stderr?.on("data", (text: Buffer) => {
    output = (output + text).slice(-maxOutputLength);
  });
  const close = keepProcess(child);
  const started = firstMessage<{ readonly url: string }>(child, "server");
  const { url } = await started.catch((error: Error) => {
    throw new Error(`${error.message} Its output:\n${output.trim()}`);
  });
  return { url, pid: child.pid ?? 0, close };
}

export async function firstMessage<Message>(child: ChildProcess, name: string): Promise<Message> {
  const failed = once(child, "exit").then(([code, signal]) => {
    throw new Error(`The ${name} did not start (${signal ?? `exit code ${code}`}).`);
  });
  const [message] = await Promise.race([once(child, "message"), failed]);
  return message;
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
