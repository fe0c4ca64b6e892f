import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLabClient } from "../../client/client.ts";
import { type ServerProcess, startServer } from "../../loadtest/server-process.ts";
import { readCores } from "../../measure/cores.ts";
import { runRace } from "../../testing/lab.ts";

let folder: string;
let server: ServerProcess;
const hogs: ChildProcess[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "disturbed-race-test-"));
  // A separate process, so that what this one starts disturbs it.
  server = await startServer(["--runs-folder", folder]);
});
afterEach(async () => {
  for (const hog of hogs.splice(0)) {
    hog.kill("SIGKILL");
  }
  await server.close();
  rmSync(folder, { recursive: true, maxRetries: 5 });
});

test.skipIf(process.platform !== "linux")(
  "a race whose burst others disturbed is inconclusive, and says why",
  async () => {
    for (const _ of readCores().cpus) {
      hogs.push(spawn("sh", ["-c", "while :; do :; done"], { stdio: "ignore" }));
    }
    const lab = createLabClient({ baseUrl: server.url });
    const events = await runRace({ lab }, { exercise: "C", strategies: ["workers"] });
    const [ended] = events.flatMap((event) => (event.case === "burstEnded" ? event.value : []));
    const [kept] = events.flatMap((event) => (event.case === "kept" ? event.value : []));
    const { inconclusive = "", withinBand, ratio, limitMs = 0, wallMs = 0 } = ended?.figures ?? {};
    expect(inconclusive).toMatch(/others used \d+\.\d of \d+ cores? meanwhile/);
    expect(withinBand).toBe(false);
    // Based on the CPU time of the tasks themselves.
    expect(ratio).toBeCloseTo(wallMs / limitMs, 2);
    expect(kept?.sentence).toBe(`Nothing is concluded about workers: ${inconclusive}.`);
  },
);
