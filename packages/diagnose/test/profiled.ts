/** Watches itself by a CPU profile, as the grader does, and prints what the profile showed. */
import { hash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { ProfileWitness } from "../profile-witness.ts";
import { isComputing, watchLoop } from "../watch-loop.ts";

const isOwn = (file: string) => file === import.meta.filename;
const watch = watchLoop([new ProfileWitness(isOwn, 5)], isOwn);
const database = new DatabaseSync(":memory:");
const cell = new Int32Array(new SharedArrayBuffer(4));
database.function("sleep", () => Atomics.wait(cell, 0, 0, 300));
const numbers =
  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT count(*) FROM n";

const cases = {
  wait: () => Atomics.wait(cell, 0, 0, 300), // blocks: wait
  query: () => database.prepare(numbers).get(), // blocks: query
  hash: async () => {
    let value = "data";
    for (let round = 0; round < 400_000; round++) {
      value = hash("sha256", value); // blocks: hash
    }
  },
  sleep: () => sleep(300),
};

// Time until the first turn is not watched.
await sleep(50);
watch.take();
for (const [name, work] of Object.entries(cases)) {
  await sleep(50);
  setImmediate(work);
  // Runs right after the work.
  await new Promise((resolve) => setImmediate(resolve));
  // A blockage is complete after two further turns of 20 ms.
  await sleep(100);
  const seen = watch.take().map((blockage) => ({
    kind: isComputing(blockage) ? "computing" : "waiting",
    line: blockage.line?.line,
    what: blockage.line?.what,
    isAsync: blockage.isAsync,
  }));
  process.stdout.write(`${JSON.stringify({ name, seen })}\n`);
}
process.exit();
