import { vi } from "vitest";
import { type RunningCommand, startCommand } from "./cli.ts";

/** `npm start` in a process of its own, which a test can kill. */
export interface TestServerProcess extends RunningCommand {
  readonly url: string;
  /** Kills it without a graceful shutdown. */
  kill(): Promise<void>;
}

/** Sizes of a server whose test does not depend on them: all threads and processes are warmed up. */
const small = ["--cpu-workers", "1", "--blocking-threads", "2", "--processes", "1"];

/** @param flags flags of `npm start` except --port */
export async function startServerProcess(
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<TestServerProcess> {
  const started = startCommand(
    process.execPath,
    ["server/main.ts", "--port", "0", ...small, ...flags],
    env,
  );
  const url = await vi.waitUntil(() => /http:\/\/\S+/.exec(started.stdout())?.[0], {
    timeout: 50_000,
    interval: 20,
  });
  return {
    ...started,
    url,
    kill: async () => {
      started.child.kill("SIGKILL");
      await started.exited;
    },
  };
}
