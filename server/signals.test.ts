import { fileURLToPath } from "node:url";
import { afterEach, expect, test, vi } from "vitest";
import { type RunningCommand, startCommand } from "../testing/cli.ts";

const programPath = fileURLToPath(new URL("../testing/stuck-server.ts", import.meta.url));

let command: RunningCommand | undefined;
afterEach(() => command?.child.kill("SIGKILL"));

test("a server that does not close is left after a while, even with a thread that can't be stopped", async () => {
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
