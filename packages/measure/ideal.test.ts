import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Cores, idealOf } from "./cores.ts";

function coresOf(count: number, quota?: number): Cores {
  const cpus = Array.from({ length: count }, (_, index) => index);
  return { usable: Math.min(count, quota ?? count), cpus, allCpus: count, physical: count, quota };
}

const tasks = (count: number, ms: number) => Array.from({ length: count }, () => ms);

describe("the ideal of a burst", () => {
  test.each([
    ["only waits", { waitMs: 50, taskCpuMs: [] }, coresOf(2), 50],
    ["computes on one core", { waitMs: 0, taskCpuMs: tasks(10, 100) }, coresOf(1), 1_000],
    ["computes on two cores", { waitMs: 0, taskCpuMs: tasks(10, 100) }, coresOf(2), 500],
    ["waits, then computes", { waitMs: 100, taskCpuMs: tasks(5, 100) }, coresOf(2), 350],
    ["has more cores than tasks", { waitMs: 0, taskCpuMs: [80, 100] }, coresOf(64), 100],
    ["can't divide a task", { waitMs: 0, taskCpuMs: [10, 10, 300] }, coresOf(2), 300],
  ])("that %s", (_, work, cores, idealMs) => {
    expect(idealOf(work, cores)).toBe(idealMs);
  });

  test("is never above what any schedule takes that gives each task a core at a time", () => {
    const work = fc.record({
      waitMs: fc.integer({ min: 0, max: 300 }),
      taskCpuMs: fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 12 }),
    });
    fc.assert(
      fc.property(work, fc.integer({ min: 1, max: 8 }), (burst, count) => {
        // The longest first, each on the core that is free first.
        const free = tasks(count, burst.waitMs);
        for (const ms of burst.taskCpuMs.toSorted((a, b) => b - a)) {
          const first = free.indexOf(Math.min(...free));
          free[first] = (free[first] ?? 0) + ms;
        }
        return idealOf(burst, coresOf(count)) <= Math.max(...free) + 1e-9;
      }),
    );
  });

  test("is never above what a cgroup's quota lets through, wherever its periods begin", () => {
    const periodMs = 100;
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 40 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 39 }),
        fc.integer({ min: 0, max: periodMs - 1 }),
        (count, parallel, tenths, offsetMs) => {
          const quota = Math.min(parallel, tenths / 10);
          // All CPUs compute, millisecond by millisecond, until the period's quota is used up.
          let leftMs = count * 50;
          let budgetMs = quota * periodMs;
          let atMs = offsetMs;
          while (leftMs > 0) {
            if (atMs % periodMs === 0) {
              budgetMs = quota * periodMs;
            }
            const doneMs = Math.min(parallel, budgetMs, leftMs);
            budgetMs -= doneMs;
            leftMs -= doneMs;
            atMs++;
          }
          const work = { waitMs: 0, taskCpuMs: tasks(count, 50) };
          // One task has one core, which the loop above does not see.
          const byTask = 50;
          return (
            idealOf(work, coresOf(parallel, quota)) <= Math.max(byTask, atMs - offsetMs) + 1e-9
          );
        },
      ),
    );
  });
});
