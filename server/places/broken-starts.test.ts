import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCommand } from "../../testing/cli.ts";

const programPath = fileURLToPath(new URL("../../testing/broken-starts.ts", import.meta.url));
const preload = new URL("../../testing/fail-at-start.ts", import.meta.url).href;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "broken-starts-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["threads", /can't start/],
  ["processes", /exit code 1/],
])(
  "%s that fail to start fail only the waiting calls, and are restarted",
  async (place, reason) => {
    const STARTS = join(folder, `starts-${place}`);
    const FAIL = join(folder, `fail-${place}`);
    writeFileSync(STARTS, "");
    const program = startCommand(process.execPath, [programPath, place], {
      STARTS,
      FAIL,
      NODE_OPTIONS: `--import ${preload}?${new URLSearchParams({ starts: STARTS, fail: FAIL })}`,
    });
    expect(await program.exited).toBe(0);
    const { before, meanwhile, startsMeanwhile, after, vitals, logged } = JSON.parse(
      program.stdout(),
    );
    expect(before).toBe(42);
    expect(meanwhile).toEqual(Array(6).fill(expect.stringContaining(`"${place}"`)));
    // Two for those that died, and at most one for each of the six waiting calls.
    expect(startsMeanwhile).toBeGreaterThanOrEqual(2);
    expect(startsMeanwhile).toBeLessThanOrEqual(8);
    expect(after).toBe(42);
    expect(vitals).toEqual({ running: 0, queued: 0, size: 2 });
    expect(logged.join("\n")).toMatch(reason);
  },
);
