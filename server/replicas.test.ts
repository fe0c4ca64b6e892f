import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createLabClient, createUnblockClient } from "../client/client.ts";
import { type RunningCommand, startCommand } from "../testing/cli.ts";

const waitOptions = { timeout: 20_000, interval: 50 };

let command: RunningCommand;
let url: string;
beforeEach(async () => {
  command = startCommand(process.execPath, [
    ...["server/main.ts", "--port", "0", "--replicas", "2", "--processes", "1"],
    ...["--blocking-threads", "2"],
  ]);
  url = await vi.waitUntil(() => /http:\/\/\S+/.exec(command.stdout())?.[0], waitOptions);
});
afterEach(() => {
  command.child.kill("SIGKILL");
});

/** The process that serves a new connection. */
async function servingPid(): Promise<number> {
  let ranOn = "";
  const client = createUnblockClient({ baseUrl: url });
  await client.getUser(
    { userId: 1 },
    {
      onHeader: (header) => {
        ranOn = header.get("unblock-ran-on") ?? "";
      },
    },
  );
  return Number(/pid=(\d+)/.exec(ranOn)?.[1]);
}

test("two replicas share one port, one is replaced when it dies, and both close at a signal", async () => {
  const pids = new Set<number>();
  await vi.waitUntil(async () => pids.add(await servingPid()).size === 2, waitOptions);
  await expect(createLabClient({ baseUrl: url }).listRuns({})).rejects.toThrow(
    "[failed_precondition] Races, loads and kept runs are not there behind --replicas",
  );
  const [first = 0] = pids;
  process.kill(first, "SIGKILL");
  await vi.waitUntil(() => command.stderr().includes("starting another"), waitOptions);
  await vi.waitUntil(
    async () => pids.add(await servingPid().catch(() => first)).size === 3,
    waitOptions,
  );
  command.child.kill("SIGTERM");
  expect(await command.exited).toBe(0);
});
