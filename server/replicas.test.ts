import { execFileSync, spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Code } from "@connectrpc/connect";
import { createLabClient, createUnblockClient } from "@unblock/client/client";
import { type RunningCommand, startCommand } from "@unblock/test/cli";
import { temporaryFolder } from "@unblock/test/folder";
import { commandLineOf, descendantsOf, isAlive } from "@unblock/test/processes";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const waitOptions = { timeout: 50_000, interval: 20 };
const failReplicas = fileURLToPath(new URL(import.meta.resolve("@unblock/test/fail-replicas")));
const hasPrlimit = spawnSync("prlimit", ["--version"]).status === 0;

let folder: string;
/** While this file exists, replicas fail to start. */
let failFile: string;
let command: RunningCommand;
beforeEach(() => {
  folder = temporaryFolder();
  failFile = join(folder, "fail");
});
afterEach(() => {
  command.child.kill("SIGKILL");
});

function start(...flags: string[]): RunningCommand {
  command = startCommand(
    process.execPath,
    [
      ...["server/main.ts", "--port", "0", "--replicas", "2", "--processes", "1"],
      ...["--blocking-threads", "2", ...flags],
    ],
    { NODE_OPTIONS: `--import ${failReplicas}`, FAIL: failFile, TMPDIR: folder },
  );
  return command;
}

async function startServing(): Promise<string> {
  const { stdout } = start();
  return vi.waitUntil(() => /http:\/\/\S+/.exec(stdout())?.[0], waitOptions);
}

/** The process that serves a new connection; undefined when none does. */
async function servingPid(url: string): Promise<number | undefined> {
  let ranOn = "";
  const client = createUnblockClient({ baseUrl: url });
  const onHeader = (header: Headers) => {
    ranOn = header.get("unblock-ran-on") ?? "";
  };
  await client.getUser({ userId: 1 }, { onHeader }).catch(() => {});
  return ranOn === "" ? undefined : Number(/pid=(\d+)/.exec(ranOn)?.[1]);
}

/** The processes of the replicas, serving or not. */
function replicaPids(): number[] {
  const pid = String(command.child.pid);
  const { stdout } = spawnSync("ps", ["-o", "pid=", "--ppid", pid], { encoding: "utf8" });
  return stdout
    .split("\n")
    .map(Number)
    .filter((child) => child > 0 && commandLineOf(child).includes("server/main.ts"));
}

/** Backoffs in the log so far, in milliseconds. */
function delaysMs(): number[] {
  return [...command.stderr().matchAll(/starting another in (\d+) ms/g)].map(([, ms]) =>
    Number(ms),
  );
}

function killReplicas(): void {
  for (const pid of replicaPids()) {
    process.kill(pid, "SIGKILL");
  }
}

test("two replicas share one port, one is replaced when it dies, and both close at a signal", async () => {
  const url = await startServing();
  const pids = new Set<number | undefined>();
  await vi.waitUntil(async () => pids.add(await servingPid(url)).size === 2, waitOptions);
  await expect(createLabClient({ baseUrl: url }).listRuns({})).rejects.toMatchObject({
    code: Code.FailedPrecondition,
  });
  const [first = 0] = pids;
  process.kill(first, "SIGKILL");
  await vi.waitUntil(async () => {
    const pid = await servingPid(url);
    return pid !== undefined && pids.add(pid).size === 3;
  }, waitOptions);
  command.child.kill("SIGTERM");
  expect(await command.exited).toBe(0);
});

test("restarts a replica that fails to start, with a growing backoff", async () => {
  const url = await startServing();
  const [survivor, victim = 0] = replicaPids();
  process.kill(victim, "SIGKILL");
  for (const deaths of [1, 2, 3, 4]) {
    await vi.waitUntil(() => delaysMs().length === deaths, waitOptions);
    const starting = await vi.waitUntil(
      () => replicaPids().find((pid) => pid !== survivor),
      waitOptions,
    );
    if (deaths < 4) {
      process.kill(starting, "SIGKILL");
    }
  }
  const pids = new Set<number | undefined>([survivor]);
  await vi.waitUntil(async () => pids.add(await servingPid(url)).size === 2, waitOptions);
  for (const [n, delayMs] of delaysMs().entries()) {
    expect(delayMs).toBeGreaterThanOrEqual(125 * 2 ** n);
    expect(delayMs).toBeLessThanOrEqual(250 * 2 ** n);
  }
});

test("replicas that all died and can't start for a while serve again at the same port", async () => {
  const url = await startServing();
  writeFileSync(failFile, "");
  killReplicas();
  // Each has died once, and failed to start once.
  await vi.waitUntil(() => delaysMs().length >= 4, waitOptions);
  rmSync(failFile);
  await vi.waitUntil(() => servingPid(url), waitOptions);
});

test("exits with 1 when no replica can be started any more", async () => {
  await startServing();
  writeFileSync(failFile, "");
  killReplicas();
  expect(await command.exited).toBe(1);
  // They died once, and each failed to start five times.
  expect(command.stderr().match(/told to fail/g)?.length).toBeGreaterThanOrEqual(10);
});

describe("at the first start", () => {
  test("exits with 1 when every replica fails to start", async () => {
    writeFileSync(failFile, "");
    const { exited, stderr, stdout } = start();
    expect(await exited).toBe(1);
    expect(stderr()).toContain("told to fail\n");
    expect(stdout()).toBe("");
  });

  test("replaces one that is killed while it starts", async () => {
    const { stdout } = start();
    const [first = 0] = await vi.waitUntil(() => {
      const pids = replicaPids();
      return pids.length === 2 && pids;
    }, waitOptions);
    process.kill(first, "SIGKILL");
    const url = await vi.waitUntil(() => /http:\/\/\S+/.exec(stdout())?.[0], waitOptions);
    const pids = new Set<number | undefined>();
    await vi.waitUntil(async () => {
      const pid = await servingPid(url);
      return pid !== undefined && pids.add(pid).size === 2;
    }, waitOptions);
  });

  test("ends all replicas at a signal, also those that do not listen for it yet", async () => {
    start();
    await vi.waitUntil(() => replicaPids().length === 2, waitOptions);
    const processes = descendantsOf(command.child.pid ?? 0);
    command.child.kill("SIGTERM");
    expect(await command.exited).toBe(0);
    await vi.waitUntil(() => processes.every((pid) => !isAlive(pid)), waitOptions);
  });
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s between a death and the restart ends everything, and starts nothing",
  async (signal) => {
    await startServing();
    writeFileSync(failFile, "");
    const processes = descendantsOf(command.child.pid ?? 0);
    killReplicas();
    await vi.waitUntil(() => delaysMs().length >= 4 && replicaPids().length === 0, waitOptions);
    command.child.kill(signal);
    expect(await command.exited).toBe(0);
    expect(processes.length).toBeGreaterThan(2);
    await vi.waitUntil(() => processes.every((pid) => !isAlive(pid)), waitOptions);
  },
);

test.skipIf(!hasPrlimit)("goes on trying when the system won't start another process", async () => {
  const url = await startServing();
  const limitFiles = (files: string) =>
    execFileSync("prlimit", ["--pid", String(command.child.pid), `--nofile=${files}`]);
  limitFiles("10:4096");
  const [, victim = 0] = replicaPids();
  process.kill(victim, "SIGKILL");
  await vi.waitUntil(() => command.stderr().includes("EMFILE"), waitOptions);
  limitFiles("4096:4096");
  await vi.waitUntil(() => replicaPids().length === 2, waitOptions);
  const pids = new Set<number | undefined>([victim]);
  await vi.waitUntil(async () => {
    const pid = await servingPid(url);
    return pid !== undefined && pids.add(pid).size === 3;
  }, waitOptions);
});
