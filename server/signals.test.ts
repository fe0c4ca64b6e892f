import { fileURLToPath } from "node:url";
import { type RunningCommand, startCommand } from "@unblock/test/cli";
import { commandLineOf, descendantsOf, isAlive } from "@unblock/test/processes";
import { afterEach, expect, test, vi } from "vitest";

const programPath = fileURLToPath(new URL(import.meta.resolve("@unblock/test/stuck-server")));

let command: RunningCommand | undefined;
afterEach(() => command?.child.kill("SIGKILL"));

test("exits after the limit, even with a thread that can't be stopped", async () => {
  const started = startCommand(process.execPath, [programPath]);
  command = started;
  await vi.waitUntil(() => started.stdout() === "started\n", 20_000);
  started.child.kill("SIGTERM");
  await started.exited;
  expect(started.child.signalCode).toBe("SIGKILL");
  expect(started.stdout()).toBe("started\ncleaned up\n");
  expect(started.stderr().split("\n")).toEqual([
    "SIGTERM: finishing what is in progress.",
    "Something did not end in time; exiting without it.",
    "",
  ]);
});

test("kills replicas that ignore signals", async () => {
  const started = startCommand(process.execPath, [
    ...["server/main.ts", "--port", "0", "--replicas", "2", "--processes", "1"],
    ...["--blocking-threads", "2"],
  ]);
  command = started;
  await vi.waitUntil(() => started.stdout().includes("http://"), 20_000);
  const processes = descendantsOf(started.child.pid ?? 0);
  const deaf = processes.find((pid) => commandLineOf(pid).includes("server/main.ts")) ?? 0;
  process.kill(deaf, "SIGSTOP");
  started.child.kill("SIGTERM");
  expect(await started.exited).toBe(1);
  await vi.waitUntil(() => processes.every((pid) => !isAlive(pid)), 10_000);
});
