import { exerciseOf } from "@unblock/proto/exercises";
import { describe, expect, test } from "vitest";
import { evidenceOf, type Seen } from "../testing/evidence.ts";
import { whereItRan } from "./executor.ts";
import { connectedBy, leftBy, startedBy } from "./growth.ts";

/** Where ten calls ran whose work takes this CPU time each. */
function ran(letter: string, seen: Seen, taskMs = 0): string {
  return whereItRan(exerciseOf(letter), evidenceOf(seen), taskMs).strategy;
}

const inThreads = { "blocking-pool": { completed: 10, maxRunning: 10 } };
const inWorkers = { "cpu-pool": { completed: 10, maxRunning: 2 } };

describe("where a burst ran", () => {
  test("is the event loop after one blocking call there", () => {
    expect(ran("A", { waiting: { calls: 10, onLoop: 1, otherThreads: 9 }, pools: inThreads })).toBe(
      "event-loop",
    );
  });

  test("is the pool that completed the tasks", () => {
    expect(ran("A", { waiting: { calls: 10, otherThreads: 10 }, pools: inThreads })).toBe(
      "blocking-pool",
    );
    expect(ran("C", { computing: { calls: 10, otherThreads: 2 }, pools: inWorkers }, 50)).toBe(
      "cpu-pool",
    );
    expect(ran("C", { pools: { processes: { completed: 10, maxRunning: 2 } } }, 50)).toBe(
      "processes",
    );
  });

  test("is cpu-pool for own threads that compute, and blocking-pool for own threads that wait", () => {
    const observed = { newThreads: 10 };
    expect(ran("C", { computing: { calls: 10, otherThreads: 10 }, observed }, 50)).toBe("cpu-pool");
    expect(ran("A", { waiting: { calls: 10, otherThreads: 10 }, observed })).toBe("blocking-pool");
  });

  test("is async, libuv or parallel without blocked threads", () => {
    const three = { services: { calls: 5, maxInProgress: 3 } };
    const one = { services: { calls: 5, maxInProgress: 1 } };
    expect(ran("B", {})).toBe("async");
    expect(ran("D", {})).toBe("libuv");
    expect(ran("H", { backends: three })).toBe("parallel");
    expect(ran("H", { backends: one })).toBe("sequential");
  });

  test("is async when the loop computed behind a promise, and the event loop without one", () => {
    const computing = { calls: 10, onLoop: 10 };
    const handler = evidenceOf({}).observed.handler;
    expect(ran("C", { computing }, 50)).toBe("async");
    expect(ran("C", { computing, observed: { handler: { ...handler, isAsync: false } } }, 50)).toBe(
      "event-loop",
    );
  });

  test("is the loop by its CPU time without the toolbox", () => {
    const held = (seen: Seen) => whereItRan(exerciseOf("C"), evidenceOf(seen), 50).held;
    const observed = { loopCpuMs: 480, processCpuMs: 500 };
    expect(held({ observed })).toBe("computing");
    // The same CPU time, spent on answering others while the pool computed.
    expect(held({ observed, pools: inWorkers })).toBeUndefined();
    // Other threads have computed as much.
    expect(held({ observed: { ...observed, processCpuMs: 1_000 } })).toBeUndefined();
    // V8 has collected the loop's garbage in threads of its own.
    const garbage = { loopCpuMs: 480, helpersCpuMs: 600 };
    expect(held({ tree: garbage })).toBe("computing");
    expect(held({ tree: { ...garbage, threadsCpuMs: 600 } })).toBeUndefined();
    // Ten hashes take 500 ms.
    expect(held({ observed: { loopCpuMs: 200, processCpuMs: 210 } })).toBeUndefined();
  });

  test("is the loop by its standstills without other evidence", () => {
    const blockage = {
      beganMs: 0,
      starvedMs: 0,
      garbage: { ms: 0, collections: 0, heapBytes: 0 },
      pausedMs: 0,
      line: undefined,
      isAsync: false,
      next: undefined,
    };
    const asleep = { ...blockage, ms: 1_200, cpuMs: 2 };
    const short = { ...blockage, ms: 45, cpuMs: 2 };
    const starved = { ...asleep, starvedMs: 800 };
    expect(ran("B", { observed: { blockages: [asleep] } })).toBe("event-loop");
    expect(ran("B", { observed: { blockages: Array(10).fill(short) } })).toBe("async");
    // A loop that looks for a thread's result computes as long as that thread.
    const spinning = { ...blockage, ms: 500, cpuMs: 490 };
    const inThread = { calls: 10, otherThreads: 1 };
    expect(ran("C", { computing: inThread, observed: { blockages: [spinning] } }, 50)).toBe(
      "async",
    );
    // Others had the cores.
    expect(ran("B", { observed: { blockages: [starved] } })).toBe("async");
    // Who waits on the loop asks for one thing at a time.
    const backends = { weather: { calls: 10, maxInProgress: 6 } };
    expect(ran("B", { observed: { blockages: [asleep] }, backends })).toBe("async");
    // Most of the time it turned.
    expect(ran("B", { observed: { blockages: [asleep] }, wallMs: 4_000 })).toBe("async");
  });

  test("waits in the pool for computing only without the pool for waiting", () => {
    const exercise = exerciseOf("F");
    const waiting = { calls: 5, otherThreads: 2, maxInProgress: 2 };
    const mixed = evidenceOf({ waiting, pools: { ...inWorkers, ...inThreads } });
    const alone = evidenceOf({ waiting, pools: inWorkers });
    expect(whereItRan(exercise, mixed, 100).waitsInWorkers).toBe(false);
    expect(whereItRan(exercise, alone, 100).waitsInWorkers).toBe(true);
  });
});

const started = (...newThreads: readonly number[]) =>
  startedBy(newThreads.map((count) => evidenceOf({ observed: { newThreads: count } })));
const opened = (...counts: readonly number[]) =>
  connectedBy(counts.map((count) => evidenceOf({ connections: { opened: count, open: 0 } })));
const left = (before: Seen, last: Seen) =>
  leftBy(evidenceOf(before), evidenceOf(last)).map(({ what }) => what);

describe("the growth of bursts", () => {
  test("is one thread per call only if both bursts start them", () => {
    expect(started(10, 10)).toEqual([{ what: "threads", count: 10, calls: 10 }]);
    // A pool is made by the first.
    expect(started(10, 0)).toEqual([]);
    expect(started(10)).toEqual([]);
  });

  test("is one connection per call only if none is reused", () => {
    expect(opened(10, 10)).toEqual({ what: "connections", count: 10, calls: 10 });
    expect(opened(10, 2)).toBeUndefined();
  });

  test("includes what is left after each burst", () => {
    expect(left({ left: { threads: 10 } }, { left: { threads: 20 } })).toEqual(["threads"]);
    expect(left({ left: { threads: 16 } }, { left: { threads: 16 } })).toEqual([]);
    expect(left({}, { left: { files: 10, intervals: 10 } })).toEqual(["files", "intervals"]);
  });

  test("ignores single calls", () => {
    expect(left({ calls: 1 }, { calls: 1, left: { threads: 1 } })).toEqual([]);
  });
});
