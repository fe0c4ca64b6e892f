import { exerciseOf } from "@unblock/proto/exercises";
import { describe, expect, test } from "vitest";
import { whereItRan } from "../measure/executor.ts";
import { evidenceOf, measuredOf, type Seen } from "../testing/evidence.ts";
import { burstMistakes } from "./burst-mistakes.ts";

interface Case extends Seen {
  readonly letter: string;
  readonly decided?: string;
  readonly libuvThreads?: number;
  readonly taskMs?: number;
  /** What was seen without calls. */
  readonly idle?: Seen;
}

function mistakes({ letter, decided, libuvThreads = 4, taskMs = 0, idle = {}, ...seen }: Case) {
  const exercise = exerciseOf(letter);
  const best = evidenceOf(seen);
  const where = whereItRan(exercise, best, taskMs);
  const { tree, observed } = evidenceOf(idle);
  const idling = { ms: 250, loopCpuMs: 5, tree, observed };
  const measured = measuredOf(best, { exercise, where, libuvThreads, idle: idling });
  return burstMistakes(measured, decided === undefined ? [] : [decided]);
}

const names = (one: Case) => mistakes(one).map(({ name }) => name);

const inThreads = { "blocking-pool": { completed: 10, maxRunning: 10 } };
const blocking = { calls: 10, otherThreads: 10, maxInProgress: 10 };

describe("the mistakes of a burst", () => {
  test("are none when it overlaps where it was decided", () => {
    const backends = { database: { calls: 10, maxInProgress: 10 } };
    const right = { letter: "A", waiting: blocking, pools: inThreads, backends };
    expect(names({ ...right, decided: "blocking-pool" })).toEqual([]);
    // Undecided is told by another step.
    expect(names(right)).toEqual([]);
  });

  test("begin with threads that work without calls", () => {
    const backends = { database: { calls: 10, maxInProgress: 10 } };
    const right = { letter: "A", waiting: blocking, pools: inThreads, backends };
    expect(names({ ...right, idle: { tree: { threadsCpuMs: 200 } } })).toEqual(["loop-kept-busy"]);
    expect(names({ ...right, idle: { tree: { childrenCpuMs: 200 } } })).toEqual(["loop-kept-busy"]);
    expect(names({ ...right, idle: { tree: { threadsCpuMs: 20 } } })).toEqual([]);
  });

  test("include computing more often than there are calls", () => {
    const computing = { calls: 20, otherThreads: 2, maxInProgress: 2 };
    const pools = { "cpu-pool": { completed: 20, maxRunning: 2 } };
    expect(names({ letter: "C", computing, pools, taskMs: 50 })).toEqual(["slower-than-its-work"]);
  });

  test("begin with a held loop, which explains the missing overlap", () => {
    const backends = { database: { calls: 10, maxInProgress: 1 } };
    const held = { letter: "A", waiting: { calls: 10, onLoop: 10 }, backends };
    expect(names({ ...held, decided: "event-loop" })).toEqual(["loop-blocked-by-waiting"]);
    expect(names({ ...held, decided: "blocking-pool" })).toEqual([
      "loop-blocked-by-waiting",
      "wrong-executor",
    ]);
  });

  test("begin with processes for each call when their start holds the loop", () => {
    const backends = { "slow disk": { calls: 10, maxInProgress: 1 } };
    const blockages = [
      {
        beganMs: 0,
        ms: 1_200,
        cpuMs: 2,
        starvedMs: 0,
        garbage: { ms: 0, collections: 0, heapBytes: 0 },
        pausedMs: 0,
        line: undefined,
        isAsync: false,
        next: undefined,
      },
    ];
    const tree = { newChildren: 10 };
    const held = { letter: "D", tree, backends };
    // Of processes that the loop waits for, only the operating system tells.
    expect(names({ ...held, observed: { blockages } })).toEqual(["loop-blocked-by-waiting"]);
    expect(names({ ...held, observed: { blockages, newProcesses: 10 } })).toEqual([
      "executor-per-call",
      "loop-blocked-by-waiting",
    ]);
  });

  test("distinguish sequential calls from a saturated libuv pool", () => {
    const at = (maxInProgress: number) => ({
      "slow disk": { calls: 10, maxInProgress },
    });
    const read = { letter: "D", decided: "libuv" };
    expect(names({ ...read, backends: at(4) })).toEqual(["libuv-pool-saturated"]);
    // As a busy machine's disk counts them.
    expect(names({ ...read, backends: at(7) })).toEqual(["libuv-pool-saturated"]);
    expect(names({ ...read, backends: at(1) })).toEqual(["sequential"]);
    expect(names({ ...read, backends: at(3), libuvThreads: 16 })).toEqual(["sequential"]);
    expect(names({ ...read, backends: at(10), libuvThreads: 16 })).toEqual([]);
  });

  test("name waiting calls in the pool for computing wrong-executor, not sequential", () => {
    const pools = { "cpu-pool": { completed: 10, maxRunning: 2 } };
    const waiting = { calls: 10, otherThreads: 2, maxInProgress: 2 };
    const backends = { database: { calls: 10, maxInProgress: 2 } };
    const found = mistakes({ letter: "A", decided: "blocking-pool", waiting, pools, backends });
    expect(found.map(({ name }) => name)).toEqual(["wrong-executor"]);
    expect(found[0]?.finding).toContain("10 blocking calls ran in the pool for computing");
  });

  test("allow more computing threads than cores only when that was decided", () => {
    const computing = { calls: 10, otherThreads: 10, maxInProgress: 10 };
    const crowded = { letter: "C", computing, pools: inThreads, taskMs: 50 };
    expect(names({ ...crowded, decided: "blocking-pool" })).toEqual([]);
    expect(names({ ...crowded, decided: "cpu-pool" })).toEqual([
      "more-threads-than-cores",
      "wrong-executor",
    ]);
  });

  test("include a decision for another executor", () => {
    const backends = { "slow disk": { calls: 10, maxInProgress: 10 } };
    const ran = { letter: "D", waiting: blocking, pools: inThreads, backends };
    const [only, ...others] = mistakes({ ...ran, decided: "libuv" });
    expect(others).toEqual([]);
    expect(only?.name).toBe("wrong-executor");
    expect(only?.finding).toContain("You decided libuv, and it ran as blocking-pool");
  });
});
