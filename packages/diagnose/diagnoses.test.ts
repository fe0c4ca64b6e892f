import { expect, test } from "vitest";
import { BlockageTally } from "./blocked-loop.ts";
import { diagnoseQueuedLookups } from "./dns-lookups-queued.ts";
import { diagnoseSaturatedPool } from "./libuv-pool-saturated.ts";
import { diagnoseThreads } from "./more-threads-than-cores.ts";
import { LiveReport, renderNews, renderReport } from "./report.ts";
import { diagnoseRejections } from "./unhandled-rejection.ts";
import type { Blockage } from "./watch-loop.ts";

const line = { file: "app.ts", line: 12, what: "find" };
const rejections = { message: "full", line, count: 1 };
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

test("waiting and computing are distinguished, also if others had the cores", () => {
  const names = [waiting, starved, { ...starved, isAsync: false }].map(
    (blockage) => diagnosesOf(blockage)[0]?.name,
  );
  expect(names).toEqual(["loop-blocked-by-waiting", "cpu-behind-a-promise", "loop-blocked-by-cpu"]);
});

test("blockages at one line are one diagnosis, and the worst is first", () => {
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
    [line, { blockages: 2, blocked_ms: 800, longest_ms: 500, cpu_ms: 4, unseen_ms: 200 }],
    [other, { blockages: 1, blocked_ms: 300, longest_ms: 300, cpu_ms: 2 }],
  ]);
});

test("if no line was seen, the finding names the line after the native call", () => {
  const [diagnosis] = diagnosesOf({ ...waiting, line: undefined, ms: 150, next: line });
  expect(diagnosis?.line).toBe(undefined);
  expect(diagnosis?.finding).toContain("app.ts:12 (find)");
});

test("on a machine without a free core, a wait without a line is ignored", () => {
  const crowded = { ...waiting, ms: 900, crowdedMs: 800 };
  expect(diagnosesOf({ ...crowded, line: undefined })).toEqual([]);
  expect(diagnosesOf({ ...crowded, line: undefined, next: line })).toEqual([]);
  expect(diagnosesOf(crowded)[0]?.name).toBe("loop-blocked-by-waiting");
  // What computed had no core for the rest.
  const computing = { ...crowded, isAsync: false, cpuMs: 100 };
  expect(diagnosesOf(computing).map(({ name, numbers }) => [name, numbers.blocked_ms])).toEqual([
    ["loop-blocked-by-cpu", 100],
  ]);
});

test("garbage collection is separated from the program's computing, each with its own time", () => {
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
  expect(diagnosesOf(all)[0]?.finding).toContain("app.ts:12 (find)");
  const half = { ...all, ms: 500, cpuMs: 490 };
  expect(diagnosesOf(half).map(({ name, numbers }) => [name, numbers.blocked_ms])).toEqual([
    ["loop-blocked-by-cpu", 300],
    ["garbage-collection", 200],
  ]);
  // Waiting while V8 collects is not computing, and neither is a collection that waits for a core.
  const waited = { ...all, ms: 500, cpuMs: 205 };
  expect(diagnosesOf(waited)[0]?.name).toBe("loop-blocked-by-waiting");
  const starving = { ...all, ms: 1_000, cpuMs: 105, starvedMs: 100 };
  expect(diagnosesOf(starving)[0]?.name).toBe("loop-blocked-by-waiting");
});

test("on a machine without a free core, a collection counts by the CPU time of the process", () => {
  const garbage = { ms: 1_600, collections: 5, heapBytes: 90e6 };
  const collecting = { ...waiting, line: undefined, ms: 1_650, starvedMs: 600, garbage };
  const crowded = { ...collecting, crowdedMs: 1_600, cpuMs: 130 };
  expect(
    diagnosesOf({ ...crowded, allCpuMs: 470 }).map(({ name, numbers }) => [
      name,
      numbers.blocked_ms,
    ]),
  ).toEqual([["garbage-collection", 470]]);
  // Others had the cores nearly all of the time.
  expect(diagnosesOf({ ...crowded, cpuMs: 2, allCpuMs: 20 })).toEqual([]);
});

test("pauses of the process are not counted", () => {
  const [diagnosis] = diagnosesOf({ ...waiting, ms: 1_300, pausedMs: 1_000 });
  expect(diagnosis?.numbers.blocked_ms).toBe(300);
});

test("blockages without a line are reported from a longer time on", () => {
  const unseen = { ...waiting, line: undefined };
  expect(diagnosesOf({ ...unseen, ms: 499 })).toEqual([]);
  expect(diagnosesOf({ ...unseen, ms: 500 })).toHaveLength(1);
});

test("a pool in which calls waited is saturated", () => {
  const reading = { maxWaitMs: 140, lateCalls: 2, lateMs: 200, threads: 4 };
  expect(diagnoseSaturatedPool(reading, line)[0]).toMatchObject({
    name: "libuv-pool-saturated",
    line,
    numbers: { pool_threads: 4, longest_wait_ms: 140, late_calls: 2, late_ms: 200 },
  });
  expect(diagnoseSaturatedPool({ ...reading, lateMs: 60 }, line)).toEqual([]);
  const inProgress = { maxWaitMs: 1_400, lateCalls: 0, lateMs: 1_400, threads: 4 };
  expect(diagnoseSaturatedPool(inProgress, undefined)[0]?.name).toBe("libuv-pool-saturated");
});

test("more threads than cores are too many, one per core is not", () => {
  expect(diagnoseThreads(2, 2, undefined)).toEqual([]);
  expect(diagnoseThreads(3, 2, line)[0]).toMatchObject({
    name: "more-threads-than-cores",
    line,
    numbers: { computing_at_once: 3, cores: 2 },
  });
});

test("the report has the location, finding, next step and links of each diagnosis", () => {
  const watched = {
    program: "app.js",
    watchedMs: 12_345,
    loadError: undefined,
    hasEnded: true,
  };
  expect(renderReport(watched, [])).toBe(
    `unblock diagnose: nothing found in 12.3 s (app.js, process ${process.pid})\n`,
  );
  const rejection = diagnoseRejections({ ...rejections, message: "full\nand more" });
  expect(renderReport(watched, [rejection])).toBe(
    `unblock diagnose: 1 diagnosis in 12.3 s (app.js, process ${process.pid})

unhandled-rejection at app.ts:12
  A promise was rejected once and nobody handled it ("full"): without a listener that ends the process, with all its calls.
  → Await the promise where a failure is handled, or give it a catch().
    docs/fundamentals.md#after-the-reply
    npm run learn -- --exercise G
`,
  );
});

test("live, a diagnosis is reported when it is new, and then ever more rarely as it gets worse", () => {
  const live = new LiveReport();
  const report = (count: number, nowMs: number) =>
    live.take([diagnoseRejections({ ...rejections, count })], nowMs);
  expect(report(1, 0)).toMatchObject([{ isUpdate: false, diagnosis: { line } }]);
  expect(report(1, 9_000)).toEqual([]);
  expect(report(2, 1_000)).toEqual([]);
  const news = report(3, 9_000);
  expect(news).toMatchObject([{ isUpdate: true, diagnosis: { numbers: { rejections: 3 } } }]);
  // An update is one line.
  expect(renderNews(news).match(/\n/g)).toHaveLength(1);
  // The interval has doubled.
  expect(report(4, 18_000)).toEqual([]);
  expect(report(4, 19_000)).toHaveLength(1);
});

test("live, a diagnosis whose worst line changes is an update", () => {
  const live = new LiveReport();
  const tally = new BlockageTally();
  const cause = { id: "package driver", package: "driver" };
  tally.add([{ ...waiting, cause }]);
  live.take(tally.diagnoses(), 0);
  tally.add([{ ...waiting, cause, ms: 500, line: { ...line, line: 30 } }]);
  expect(live.take(tally.diagnoses(), 9_000)).toMatchObject([
    {
      isUpdate: true,
      diagnosis: { line: { line: 30 }, otherLines: [{ line, count: 1, totalMs: 300 }] },
    },
  ]);
});

test("blockages at ten lines by one cause are one diagnosis, and the worst line is first", () => {
  const cause = { id: "package driver", package: "driver" };
  const lines = Array.from({ length: 10 }, (_, index) => ({ ...line, line: index + 1 }));
  const blockages = lines.map((one, index) => ({
    ...waiting,
    cause,
    line: one,
    ms: 50 + 10 * index,
  }));
  const diagnoses = diagnosesOf(...blockages, {
    ...waiting,
    cause: { ...cause, id: "call readFileSync" },
  });
  expect(diagnoses.map((one) => [one.line?.line, one.otherLines?.length, one.numbers])).toEqual([
    [10, 9, { blockages: 10, blocked_ms: 950, longest_ms: 140, cpu_ms: 20 }],
    [12, 0, { blockages: 1, blocked_ms: 300, longest_ms: 300, cpu_ms: 2 }],
  ]);
  expect(diagnoses[0]?.finding).toMatchInlineSnapshot(
    `"The event loop stood still 10 times, for 140 ms at the longest and 950 ms in all, while its thread waited (20 ms of CPU). It was in the package driver. The same at app.ts:9 (find, once, 130 ms), app.ts:8 (find, once, 120 ms), app.ts:7 (find, once, 110 ms), app.ts:6 (find, once, 100 ms) and 5 more lines."`,
  );
});

test("DNS lookups that waited for long in all are queued, and those at a start are not", () => {
  const waits = { maxWaitMs: 400, lateCalls: 9, lateMs: 900, threads: 4 };
  const reading = { maxAtOnce: 60, hasWorkers: false, line, names: ["db", "cache", "queue"] };
  const [queued] = diagnoseQueuedLookups(waits, reading);
  expect(queued).toMatchObject({
    name: "dns-lookups-queued",
    line,
    numbers: {
      lookups_at_once: 60,
      lookups_waiting: 58,
      lookup_threads: 2,
      longest_wait_ms: 400,
    },
  });
  expect(queued?.finding).toContain('"db" and other names');
  expect(diagnoseQueuedLookups({ ...waits, lateMs: 400 }, reading)).toEqual([]);
  const uncounted = { ...reading, maxAtOnce: 0, names: [] };
  expect(diagnoseQueuedLookups(waits, uncounted)).toEqual([]);
  const withWorkers = diagnoseQueuedLookups(waits, { ...uncounted, hasWorkers: true });
  expect(withWorkers[0]?.numbers).toMatchObject({ lookups_waiting: 0 });
});
