import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test, vi } from "vitest";
import { openHoldingsFile } from "../check/testing/holdings-file.ts";
import { provideEnvironment, worldAddresses } from "./environment.ts";
import { preloadFromNowOn } from "./preload.ts";

const learn = fileURLToPath(new URL("../", import.meta.url));
const solution = new URL(import.meta.resolve("@unblock/exercises/compute-hash/solutions/cpu-pool"))
  .href;
const preload = fileURLToPath(new URL("./preload.ts", import.meta.url));
const importing = `import(${JSON.stringify(solution)});`;

mkdirSync(join(learn, "yours"), { recursive: true });
const folder = mkdtempSync(join(learn, "yours", "preload-"));
const file = join(folder, "answer.ts");
writeFileSync(file, `\n${importing}\n`);

// As the service does it before it loads a learner's file.
vi.stubEnv("NODE_OPTIONS", "");
/** Threads that this one starts know the environment, and where to note what they see. */
function openNotes(): ReturnType<typeof openHoldingsFile> {
  const holdings = openHoldingsFile();
  const holdingsPath = holdings.path;
  const backends = { databasePath: "/no database", diskFolder: "/no disk", fifos: false };
  const addresses = worldAddresses({ ...backends, httpUrl: "", cachePort: 1, holdingsPath }, null);
  provideEnvironment({ addresses, crops: 1, holdingsPath });
  preloadFromNowOn(pathToFileURL(file).href);
  return holdings;
}

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Starts a thread as the service's threads do, which inherit `--require`. */
function startThread(source: string | URL, isSource = false): Worker {
  return new Worker(source, { eval: isSource, execArgv: ["--require", preload] });
}

const starts = {
  "a worker thread that runs the learner's file": () =>
    once(startThread(pathToFileURL(file)), "exit"),
  "a worker thread that runs the solution": () => once(startThread(new URL(solution)), "exit"),
  "a worker thread whose code has no file": () => once(startThread(importing, true), "exit"),
  "a worker thread without options": () =>
    once(new Worker(importing, { eval: true, execArgv: [] }), "exit"),
  "a worker thread with an environment of its own": () =>
    once(new Worker(importing, { eval: true, execArgv: [], env: { NODE_ENV: "test" } }), "exit"),
  "a forked process": () => once(fork(file, { execArgv: [] }), "exit"),
  "a forked process with an environment of its own": () =>
    once(fork(file, { execArgv: [], env: { NODE_OPTIONS: "--no-warnings" } }), "exit"),
  "a process whose code has no file": () => execFileSync(process.execPath, ["-e", importing]),
  "a process with an empty environment": () =>
    execFileSync(process.execPath, ["-e", importing], { env: {} }),
  "a process of a thread, each with an environment of its own": () => {
    const program = `require("node:child_process").execFileSync(process.execPath, ["-e", ${JSON.stringify(importing)}], { env: {} });`;
    return once(new Worker(program, { eval: true, env: {} }), "exit");
  },
};

describe("an import of a solution is reported", { timeout: 60_000 }, () => {
  test.each(Object.entries(starts))("in %s", async (_, start) => {
    const holdings = openNotes();
    await start();
    expect(() => holdings.throwTampering()).toThrow(
      expect.objectContaining({
        line: 2,
        message: expect.stringContaining("imports exercises/compute-hash/solutions/cpu-pool.ts"),
      }),
    );
    holdings.remove();
  });
});
