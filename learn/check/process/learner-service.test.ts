import { fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exerciseOf } from "@unblock/proto/exercises";
import { temporaryFolder } from "@unblock/test/folder";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { solutionFile } from "../../workspace.ts";
import { HarnessTrouble } from "../faults.ts";
import { Callers } from "../session.ts";
import { World } from "../world/world.ts";
import { LearnerService } from "./learner-service.ts";

const exercise = exerciseOf("A");
const file = solutionFile(exercise, "blocking-pool");

/** Where this test's services write. */
const folder = temporaryFolder();
let world: World;
beforeAll(async () => {
  world = await World.open();
  vi.stubEnv("TMPDIR", folder);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await world.close();
});

async function pidsOf(callers: Callers): Promise<readonly number[]> {
  const { backends } = await callers.vitals();
  return [...new Set(backends.map(({ pid }) => pid))];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Limit of the system's work to end processes and remove files. */
const waiting = { timeout: 30_000, interval: 20 };

/** Resolves when a process has ended. */
function gone(pid: number): Promise<void> {
  return vi.waitFor(() => expect(isAlive(pid)).toBe(false), waiting);
}

/** Resolves when the folder is empty. */
function emptied(): Promise<void> {
  return vi.waitFor(() => expect(readdirSync(folder)).toEqual([]), waiting);
}

describe("a learner's service", { timeout: 90_000 }, () => {
  test("leaves no process and no file", async () => {
    const service = await LearnerService.start({
      exercise,
      file,
      world: world.addresses,
      analyticsUrl: null,
    });
    const callers = await Callers.open(exercise, service.url, service.ended());
    const pids = await pidsOf(callers);
    expect(pids).toHaveLength(2);
    expect(pids.every(isAlive)).toBe(true);
    await callers.close();
    await service.close();
    await Promise.all(pids.map(gone));
    expect(readdirSync(folder)).toEqual([]);
  });

  test("ends with HarnessTrouble when the backends die", async () => {
    const service = await LearnerService.start({
      exercise,
      file,
      world: world.addresses,
      analyticsUrl: null,
    });
    const callers = await Callers.open(exercise, service.url, service.ended());
    const { backends } = await callers.vitals();
    const backend = backends.find(({ name }) => name === "slow disk");
    process.kill(backend?.pid ?? 0, "SIGKILL");
    const never = new Promise<void>(() => {});
    const waiting = service.within(60_000, "did not end", never);
    await expect(waiting).rejects.toThrow(HarnessTrouble);
    await expect(waiting).rejects.toThrow("SIGKILL");
    await callers.close();
  });

  test("does not outlive the checker, even in an endless loop", async () => {
    const endless = join(folder, "endless.mts");
    writeFileSync(endless, "export const handler = () => { for (;;) {} };\n");
    const checker = fork(new URL("../testing/orphan.ts", import.meta.url), [endless]);
    const [pid] = await once(checker, "message");
    expect(isAlive(pid)).toBe(true);
    checker.kill("SIGKILL");
    await gone(pid);
    rmSync(endless);
    await emptied();
  });

  test("leaves no process outside of its group and environment when the checker is ended", async () => {
    const detaching = join(folder, "detaching.mts");
    const source = [
      `import { spawn } from "node:child_process";`,
      `import { writeFileSync } from "node:fs";`,
      `import { isMainThread } from "node:worker_threads";`,
      `if (isMainThread) {`,
      `  const options = { detached: true, env: {}, stdio: "inherit" };`,
      `  const { pid } = spawn("sh", ["-c", "exec sleep 1234"], options);`,
      `  writeFileSync(new URL("pid", import.meta.url), String(pid));`,
      `}`,
      `export const handler = () => { for (;;) {} };`,
    ];
    writeFileSync(detaching, source.join("\n"));
    const checker = fork(new URL("../testing/orphan.ts", import.meta.url), [detaching]);
    const [pid] = await once(checker, "message");
    const detached = Number(readFileSync(join(folder, "pid"), "utf8"));
    expect(isAlive(detached)).toBe(true);
    checker.kill("SIGINT");
    await gone(pid);
    await gone(detached);
    rmSync(detaching);
    rmSync(join(folder, "pid"));
    await emptied();
  });
});
