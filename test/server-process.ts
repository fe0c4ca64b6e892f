import { vi } from "vitest";
import { type RunningCommand, startCommand } from "./cli.ts";

/** `npm start` in a process of its own, which a test can kill. */
export interface TestServerProcess extends RunningCommand {
  readonly url: string;
  /** Kills it without a graceful shutdown. */
  kill(): Promise<void>;
}

/** @param flags flags of `npm start` except --port */
export async function startServerProcess(
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<TestServerProcess> {
  const started = startCommand(
    process.execPath,
    ["server/main.ts", "--port", "0", "--cpu-workers", "1", "--processes", "1", ...flags],
    env,
  );
  const url = await vi.waitUntil(() => /http:\/\/\S+/.exec(started.stdout())?.[0], {
    timeout: 20_000,
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
