import { fileURLToPath } from "node:url";
import { linesOf, type RunningCommand, startCommand } from "@unblock/test/cli";
import { commandLineOf, descendantsOf, isAlive } from "@unblock/test/processes";
import { describe, expect, type TestContext, test, vi } from "vitest";

const programPath = fileURLToPath(new URL(import.meta.resolve("@unblock/test/stuck-server")));

/** Starts a program, which is killed after the test. */
function start({ onTestFinished }: TestContext, ...args: string[]): RunningCommand {
  const command = startCommand(process.execPath, args);
  onTestFinished(() => void command.child.kill("SIGKILL"));
  return command;
}

// Both wait for the same limit.
describe.concurrent("at a signal, a server", () => {
  test("exits after the limit, even with a thread that can't be stopped", async (context) => {
    const { child, exited, stdout, stderr } = start(context, programPath);
    await vi.waitUntil(() => stdout() === "started\n", 20_000);
    child.kill("SIGTERM");
    await exited;
    expect(child.signalCode).toBe("SIGKILL");
    expect(stdout()).toBe("started\ncleaned up\n");
    // At the signal, and at the limit.
    expect(linesOf(stderr())).toHaveLength(2);
  });

  test("kills replicas that ignore signals", async (context) => {
    const { child, exited, stdout } = start(
      context,
      ...["server/main.ts", "--port", "0", "--replicas", "2", "--processes", "1"],
      ...["--blocking-threads", "2"],
    );
    await vi.waitUntil(() => stdout().includes("http://"), 20_000);
    const processes = descendantsOf(child.pid ?? 0);
    const deaf = processes.find((pid) => commandLineOf(pid).includes("server/main.ts")) ?? 0;
    process.kill(deaf, "SIGSTOP");
    child.kill("SIGTERM");
    expect(await exited).toBe(1);
    await vi.waitUntil(() => processes.every((pid) => !isAlive(pid)), 10_000);
  });
});
