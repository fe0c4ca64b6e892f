import { expect, test } from "vitest";
import { BlockageTally } from "./blocked-loop.ts";
import { diagnoseCrowdedCores } from "./crowded-cores.ts";
import { LiveReport } from "./live.ts";
import { renderReport } from "./report.ts";
import { diagnoseSaturatedPool } from "./saturated-pool.ts";
import { diagnoseRejections } from "./unhandled-rejection.ts";
import type { Blockage } from "./watch-loop.ts";

const line = { file: "app.ts", line: 12, what: "find" };
const waiting: Blockage = {
  beganMs: 0,
  ms: 300,
  cpuMs: 2,
  starvedMs: 0,
  garbage: { ms: 0, collections: 0, heapBytes: 0 },
  pausedMs: 0,
  line,
  isAsync: true,
  next: undefined,
};
const starved: Blockage = { ...waiting, ms: 800, cpuMs: 200, starvedMs: 550 };

function diagnosesOf(...blockages: Blockage[]) {
  const tally = new BlockageTally();
  tally.add(blockages);
  return tally.diagnoses();
}

test("a thread that waited and one that computed are told apart, also where others had the cores", () => {
  const names = [waiting, starved, { ...starved, isAsync: false }].map(
    (blockage) => diagnosesOf(blockage)[0]?.name,
  );
  expect(names).toEqual(["loop-blocked-by-waiting", "cpu-behind-a-promise", "loop-blocked-by-cpu"]);
});

test("blockages by one line are one diagnosis, and the worst is first", () => {
  const other = { ...line, line: 30 };
  const diagnoses = diagnosesOf(
    { ...waiting, line: other },
    waiting,
    { ...waiting, ms: 500 },
    { ...waiting, line: undefined, ms: 50 },
    { ...waiting, line: undefined, ms: 150, next: line },
    { ...waiting, line: { ...line, line: 40 }, ms: 99 },
  );
  expect(diagnoses.map((one) => [one.line, one.numbers])).toEqual([
    [line, { blockages: 2, blocked_ms: 800, longest_ms: 500, cpu_ms: 4 }],
    [other, { blockages: 1, blocked_ms: 300, longest_ms: 300, cpu_ms: 2 }],
    [undefined, { blockages: 2, blocked_ms: 200, longest_ms: 150, cpu_ms: 4 }],
  ]);
  expect(diagnoses[0]?.finding).toBe(
    "The event loop stood still twice, for 500 ms at the longest and 800 ms in all, while its thread waited (4 ms of CPU).",
  );
  expect(diagnoses[2]?.finding).toContain("that ended right before app.ts:12 (find)");
});

test("a garbage collection is told from what the program computes, and each has its own time", () => {
  const garbage = { ms: 200, collections: 3, heapBytes: 90e6 };
  const all = { ...waiting, isAsync: false, ms: 210, cpuMs: 208, garbage };
  expect(diagnosesOf(all).map(({ name, line, numbers }) => [name, line, numbers])).toEqual([
    [
      "garbage-collection",
      undefined,
      ...[
        {
          blockages: 1,
          blocked_ms: 200,
          longest_ms: 200,
          cpu_ms: 200,
          collections: 3,
          heap_mb: 90,
        },
      ],
    ],
  ]);
  expect(diagnosesOf(all)[0]?.finding).toContain("The longest time was at app.ts:12 (find).");
  const half = { ...all, ms: 500, cpuMs: 490 };
  expect(diagnosesOf(half).map(({ name, numbers }) => [name, numbers.blocked_ms])).toEqual([
    ["loop-blocked-by-cpu", 300],
    ["garbage-collection", 200],
  ]);
  // What waits while others collect is no computing, and neither is a collection that starved.
  const waited = { ...all, ms: 500, cpuMs: 205 };
  expect(diagnosesOf(waited)[0]?.name).toBe("loop-blocked-by-waiting");
  const starving = { ...all, ms: 1_000, cpuMs: 105, starvedMs: 100 };
  expect(diagnosesOf(starving)[0]?.name).toBe("loop-blocked-by-waiting");
});

test("the time in which the process was paused is no part of what the program did", () => {
  const [diagnosis] = diagnosesOf({ ...waiting, ms: 1_300, pausedMs: 1_000 });
  expect(diagnosis?.numbers.blocked_ms).toBe(300);
});

test("where nothing was seen it takes longer until it is worth a word", () => {
  const unseen = { ...waiting, line: undefined };
  expect(diagnosesOf({ ...unseen, ms: 499 })).toEqual([]);
  expect(diagnosesOf({ ...unseen, ms: 500 })).toHaveLength(1);
});

test("a pool that made calls wait is saturated, and one that hardly did is not", () => {
  const reading = { longestWaitMs: 140, lateCalls: 2, lateMs: 200, threads: 4 };
  expect(diagnoseSaturatedPool(reading, line)).toMatchObject({
    name: "libuv-pool-saturated",
    line,
    numbers: { pool_threads: 4, longest_wait_ms: 140, late_calls: 2, late_ms: 200 },
  });
  expect(diagnoseSaturatedPool({ ...reading, lateMs: 60 }, line)).toBe(undefined);
  const stillOut = { longestWaitMs: 400, lateCalls: 0, lateMs: 0, threads: 4 };
  expect(diagnoseSaturatedPool(stillOut, undefined)?.name).toBe("libuv-pool-saturated");
});

test("more threads than cores are too many, and as many are not", () => {
  expect(diagnoseCrowdedCores({ mostComputing: 2, cores: 2, line: undefined })).toBe(undefined);
  expect(diagnoseCrowdedCores({ mostComputing: 3, cores: 2, line })).toMatchObject({
    name: "more-threads-than-cores",
    line,
    numbers: { computing_at_once: 3, cores: 2 },
  });
});

test("the report has for each diagnosis the place, the numbers, one next step and where to read on", () => {
  const watched = { program: "app.js", pid: 4711, watchedMs: 12_345 };
  expect(renderReport(watched, [])).toBe(
    "unblock diagnose: nothing found in 12.3 s (app.js, process 4711)\n",
  );
  const rejection = diagnoseRejections({ message: "full\nand more", line, count: 1 });
  expect(renderReport(watched, [rejection])).toBe(
    `unblock diagnose: 1 diagnosis in 12.3 s (app.js, process 4711)

unhandled-rejection at app.ts:12
  A promise was rejected once and nobody handled it ("full"): without a listener that ends the process, with all its calls.
  → Await the promise where a failure is handled, or give it a catch().
    docs/fundamentals.md#after-the-reply
    npm run learn -- --exercise G
`,
  );
});

test("live, a diagnosis is told once, and again when it has got worse for a while", () => {
  const live = new LiveReport();
  const diagnose = (count: number) => [diagnoseRejections({ message: "full", line, count })];
  expect(live.render(diagnose(1), 0)).toContain("→ Await the promise");
  expect(live.render(diagnose(1), 9_000)).toBe("");
  expect(live.render(diagnose(2), 1_000)).toBe("");
  expect(live.render(diagnose(3), 9_000)).toMatch(
    /^unblock diagnose: unhandled-rejection at app\.ts:12, by now: .* 3 times .*\n$/,
  );
});
