import { type ForkOptions, fork } from "node:child_process";
import { once } from "node:events";
import { childEnvironment } from "@unblock/terminal/process";

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
  const { started, pid, close } = await startProcess<{ readonly url: string }>(
    "server",
    ["--port", "0", ...flags],
    { env, silent: true },
  );
  return { url: started.url, pid, close };
}

/** Starts a worker for jobs of the strategy `queue`, from the Redis at REDIS_URL. */
export function startWorker(flags: readonly string[]) {
  return startProcess("worker", flags, {
    env: childEnvironment(["REDIS_URL"]),
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}

/** Starts a program that sends a message when it is ready. It is killed when this process exits. */
async function startProcess<Message>(
  name: "server" | "worker",
  flags: readonly string[],
  options: ForkOptions,
) {
  const child = fork(new URL(import.meta.resolve(`@unblock/${name}/main`)), flags, {
    execArgv: [],
    // Detached: on a terminal's Ctrl-C the server must still serve the calls in progress.
    detached: true,
    ...options,
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  let output = "";
  child.stderr?.on("data", (text: Buffer) => {
    output = (output + text).slice(-maxOutputLength);
  });
  const failed = once(child, "exit").then(([code, signal]) => {
    const said = output === "" ? "" : ` Its output:\n${output.trim()}`;
    throw new Error(`The ${name} did not start (${signal ?? `exit code ${code}`}).${said}`);
  });
  const [message] = await Promise.race([once(child, "message"), failed]);
  const started: Message = message;
  return {
    started,
    pid: child.pid ?? 0,
    /** Terminates the process and waits for its exit. */
    close: async () => {
      process.off("exit", kill);
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
    },
  };
}
