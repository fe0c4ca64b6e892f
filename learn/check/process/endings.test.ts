import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, type TestContext, test } from "vitest";
import type { ExerciseResult } from "../result.ts";

const program = fileURLToPath(new URL("../testing/check-file.ts", import.meta.url));
const decision = `export const decision = { strategy: "blocking-pool", why: "It is not asked here." };`;
const handler = "export const handler = async () => ({});";
const database = JSON.stringify(import.meta.resolve("@unblock/learn/toolbox/database"));

interface Ended {
  readonly result: ExerciseResult;
  /** Timers that kept the process alive when the check had ended. */
  readonly timers: number;
  /** Where the check and its service wrote. */
  readonly folder: string;
}

/** Resolves when the process of a check has ended by itself. */
async function check({ onTestFinished }: TestContext, ...lines: readonly string[]): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), "unblock-endings-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "answer.mts");
  writeFileSync(file, [decision, ...lines].join("\n"));
  const child = spawn(process.execPath, [program, file], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended: Omit<Ended, "folder"> = JSON.parse(await text(child.stdout));
  rmSync(file);
  return { ...ended, folder };
}

function messageOf({ steps }: ExerciseResult): string | undefined {
  return steps.find(({ verdict }) => verdict === "FAIL")?.message;
}

// Each waits for its own processes.
describe.concurrent("a check ends by itself without leaving anything", { timeout: 120_000 }, () => {
  const delaysMs = [0, 50, 150, 400, 900];
  test.for(delaysMs)("when the service dies %i ms after its start", async (ms, context) => {
    const { result, timers, folder } = await check(
      context,
      `setTimeout(() => { throw new Error("late"); }, ${ms});`,
      handler,
    );
    // It depends on how far the check had come: while loading, while calling, or after an answer.
    expect(messageOf(result)).toMatch(/threw what nobody caught|can't be loaded|got \{/);
    expect(result.verdict).toBe("FAIL");
    expect(timers).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("when the service dies in a burst", async (context) => {
    const { result, timers } = await check(
      context,
      `import { setTimeout } from "node:timers/promises";`,
      `import { findUserBlocking } from ${database};`,
      "let atOnce = 0;",
      "export const handler = async ({ userId }) => {",
      "  if (++atOnce > 1) process.exit(7);",
      "  await setTimeout(20);",
      "  atOnce--;",
      "  return { userId, ...findUserBlocking(userId) };",
      "};",
    );
    expect(messageOf(result)).toContain("process.exit(7)");
    expect(result.steps.at(-1)?.step).toBe("overlap");
    expect(timers).toBe(0);
  });

  test("when a detached process holds the service's pipes", async (context) => {
    const { result, folder } = await check(
      context,
      `import { spawn } from "node:child_process";`,
      `import { writeFileSync } from "node:fs";`,
      `import { isMainThread } from "node:worker_threads";`,
      `if (isMainThread) {`,
      `  const child = spawn("sleep", ["1234"], { detached: true, stdio: "inherit" });`,
      `  writeFileSync(new URL("pid", import.meta.url), String(child.pid));`,
      `  child.unref();`,
      `}`,
      `setTimeout(() => process.exit(7), 1_000);`,
      handler,
    );
    expect(result.verdict).toBe("FAIL");
    const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    expect(readdirSync(folder)).toEqual(["pid"]);
  });
});
