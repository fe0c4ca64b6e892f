import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startCommand } from "@unblock/test/cli";
import { temporaryFolder } from "@unblock/test/folder";
import { expect, test } from "vitest";

const programPath = fileURLToPath(new URL(import.meta.resolve("@unblock/test/broken-starts")));
const preload = new URL(import.meta.resolve("@unblock/test/fail-at-start")).href;

const folder = temporaryFolder();

test.each([
  ["blocking-pool", /can't start/],
  ["processes", /exit code 1/],
])(
  "%s that fail to start fail only the waiting calls, and are restarted",
  async (executor, reason) => {
    const STARTS = join(folder, `starts-${executor}`);
    const FAIL = join(folder, `fail-${executor}`);
    writeFileSync(STARTS, "");
    const program = startCommand(process.execPath, [programPath, executor], {
      STARTS,
      FAIL,
      NODE_OPTIONS: `--import ${preload}?${new URLSearchParams({ starts: STARTS, fail: FAIL })}`,
    });
    expect(await program.exited).toBe(0);
    const { before, meanwhile, startsMeanwhile, after, vitals, logged } = JSON.parse(
      program.stdout(),
    );
    expect(before).toBe(42);
    expect(meanwhile).toEqual(Array(6).fill(expect.stringContaining(`"${executor}"`)));
    // Two for those that died, and at most one for each of the six waiting calls.
    expect(startsMeanwhile).toBeGreaterThanOrEqual(2);
    expect(startsMeanwhile).toBeLessThanOrEqual(8);
    expect(after).toBe(42);
    expect(vitals).toEqual({ running: 0, queued: 0, size: 2 });
    expect(logged.join("\n")).toMatch(reason);
  },
);
