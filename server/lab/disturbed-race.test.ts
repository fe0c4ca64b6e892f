import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLabClient } from "@unblock/client/client";
import { type ServerProcess, startServer } from "@unblock/loadtest/processes";
import { readCores } from "@unblock/measure/cores";
import { runRace } from "@unblock/test/lab";
import { afterEach, beforeEach, expect, test } from "vitest";

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
    const events = await runRace({ lab }, { exercise: "C", strategies: ["cpu-pool"] });
    const [ended] = events.flatMap((event) => (event.case === "burstEnded" ? event.value : []));
    const [kept] = events.flatMap((event) => (event.case === "saved" ? event.value : []));
    const {
      inconclusive = "",
      withinExpected,
      ratio,
      idealMs = 0,
      wallMs = 0,
    } = ended?.figures ?? {};
    expect(inconclusive).toMatch(/others used \d+\.\d of \d+ cores? meanwhile/);
    expect(withinExpected).toBe(false);
    // Based on the CPU time of the tasks themselves.
    expect(ratio).toBeCloseTo(wallMs / idealMs, 2);
    expect(kept?.summary).toBe(`Nothing is concluded about cpu-pool: ${inconclusive}.`);
  },
);
