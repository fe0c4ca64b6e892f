import { fork } from "node:child_process";
import { once } from "node:events";

/** `npm run worker` in a process of its own. */
export interface WorkerProcess {
  readonly pid: number;
  /** Its standard error so far. */
  readonly said: () => string;
  /** Shuts it down gracefully, and resolves with its exit code. */
  stop(): Promise<number | null>;
  /** Kills it without a graceful shutdown. */
  kill(): Promise<void>;
}

/** Starts a worker with one CPU worker, and resolves when it accepts jobs. */
export async function startWorkerProcess(redisUrl: string): Promise<WorkerProcess> {
  const main = new URL(import.meta.resolve("@unblock/worker/main"));
  const child = fork(main, ["--cpu-workers", "1"], {
    execArgv: [],
    silent: true,
    env: { ...process.env, REDIS_URL: redisUrl },
  });
  let said = "";
  child.stderr?.on("data", (text: Buffer) => {
    said += text;
  });
  const exited = once(child, "exit");
  await Promise.race([
    once(child, "message"),
    exited.then(() => {
      throw new Error(`The worker did not start. Its standard error:\n${said}`);
    }),
  ]);
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
  };
  return {
    pid: child.pid ?? 0,
    said: () => said,
    stop: async () => {
      await end("SIGTERM");
      return child.exitCode;
    },
    kill: () => end("SIGKILL"),
  };
}
