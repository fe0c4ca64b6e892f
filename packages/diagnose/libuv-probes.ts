import { lookup } from "node:dns";
import { stat } from "node:fs";
import { monotonicMs } from "@unblock/measure/clock";
import { idsIn, readText, readThreadTimes } from "@unblock/measure/proc";

/** A probe that waits for longer found no free thread: it has next to nothing to do. */
export const lateMs = 50;
const sampleMs = 20;

/** Cells of the memory by which a probe reports to the main thread, in whole milliseconds. */
export const probeCell = {
  /** Longest time that a probe waited for a thread of libuv's pool. */
  maxMs: 0,
  /** Count of the probes that were late. */
  lateCount: 1,
  /** Sum of the times that they waited. */
  lateMs: 2,
  /** Time that the current probe has waited. */
  waitingMs: 3,
} as const;

/** Calls that need about 0.1 ms in a thread of libuv's pool, sent one after another. */
interface Probe {
  readonly data: Int32Array;
  /** Time between two probes. Each wakes two threads. */
  readonly pauseMs: number;
  send(onDone: () => void): void;
  /** @returns whether the wait of a probe sent now says something of what it is for */
  begin(): () => boolean;
  /** Count of the pool's threads that may run it. */
  threadsFor(poolThreads: number): number;
}

/**
 * Measures how long calls wait for a thread of libuv's pool, which all threads of a process share. It runs in
 * the watch thread, whose event loop is always on time.
 */
export function probeLibuv(data: Int32Array): void {
  run({
    data,
    pauseMs: 50,
    send: (onDone) => stat("/", onDone),
    begin: () => () => true,
    threadsFor: (poolThreads) => poolThreads,
  });
}

/**
 * Measures how long DNS lookups wait for a thread of libuv's pool. libuv lets lookups use half of its threads,
 * so that other calls go on while lookups wait for each other.
 *
 * @param pool data of the libuv probe: while all of the pool is busy, the wait says nothing of lookups
 * @see https://github.com/libuv/libuv/blob/v1.x/src/threadpool.c
 */
export function probeLookups(data: Int32Array, pool: Int32Array): void {
  const lateCount = () => Atomics.load(pool, probeCell.lateCount);
  run({
    data,
    pauseMs: 100,
    // An old notation of 127.0.0.1: Node hands it to getaddrinfo(), which asks nobody for it.
    send: (onDone) => lookup("127.1", { family: 4 }, onDone),
    begin: () => {
      const lateBefore = lateCount();
      return () => lateCount() === lateBefore && Atomics.load(pool, probeCell.waitingMs) < lateMs;
    },
    threadsFor: lookupThreads,
  });
}

function run(probe: Probe): void {
  const { data, pauseMs, threadsFor } = probe;
  const sentMs = monotonicMs();
  const isMeaningful = probe.begin();
  let samples = 0;
  let before: PoolThreads | undefined;
  // If this thread was held up itself, it does not know where the time went.
  const isOnTime = (ms: number) => samples * sampleMs * 2 >= ms;
  const timer = setInterval(() => {
    samples++;
    const ms = monotonicMs() - sentMs;
    if (isOnTime(ms)) {
      Atomics.store(data, probeCell.waitingMs, isMeaningful() ? ms : 0);
    }
    if (ms >= lateMs / 2) {
      before ??= readPoolThreads();
    }
  }, sampleMs);
  const onDone = () => {
    clearInterval(timer);
    const ms = monotonicMs() - sentMs;
    Atomics.store(data, probeCell.waitingMs, 0);
    const isStarved = before !== undefined && wasStarved(before, readPoolThreads(), threadsFor);
    const isLate = ms >= lateMs;
    if (!isLate || (isOnTime(ms) && isMeaningful() && !isStarved)) {
      Atomics.store(data, probeCell.maxMs, Math.max(ms, Atomics.load(data, probeCell.maxMs)));
      Atomics.add(data, probeCell.lateCount, isLate ? 1 : 0);
      Atomics.add(data, probeCell.lateMs, isLate ? ms : 0);
    }
    setTimeout(() => run(probe), pauseMs);
  };
  try {
    probe.send(onDone);
  } catch {
    // Not permitted, as with --permission.
    clearInterval(timer);
  }
}

type PoolThreads = ReturnType<typeof readPoolThreads>;

/** Times of each thread of libuv's pool since its start; empty elsewhere than on Linux. */
function readPoolThreads() {
  const timesOf = (thread: number) => [thread, readThreadTimes("self", thread)] as const;
  return { atMs: monotonicMs(), all: new Map(poolThreadIds().map(timesOf)) };
}

/** Ids of the threads of libuv's pool, once there are any; empty elsewhere than on Linux. */
export function poolThreadIds(): number[] {
  return idsIn("/proc/self/task").filter(
    (thread) => readText(`/proc/self/task/${thread}/comm`).trim() === "libuv-worker",
  );
}

/**
 * Whether a call waited for a core and not for a thread: then the thread that took it lacked a core, and the
 * others had nothing to do. In a saturated pool all threads compute, lack a core, or sleep in blocking calls.
 */
function wasStarved(
  before: PoolThreads,
  now: PoolThreads,
  threadsFor: Probe["threadsFor"],
): boolean {
  const halfMs = (now.atMs - before.atMs) / 2;
  const active = [...now.all].filter(([thread, { cpuMs, waitedMs }]) => {
    const then = before.all.get(thread) ?? { cpuMs: 0, waitedMs: 0 };
    return cpuMs - then.cpuMs + waitedMs - then.waitedMs >= halfMs;
  });
  return active.length > 0 && active.length < threadsFor(now.all.size);
}

/** Size of libuv's pool as libuv reads it: 4 by default, 1 to 1024. */
export function configuredThreads(): number {
  const size = process.env.UV_THREADPOOL_SIZE;
  return size === undefined ? 4 : Math.min(1_024, Math.max(1, Number.parseInt(size, 10) || 0));
}

/** Count of the pool's threads that may look up names. */
export function lookupThreads(poolThreads: number): number {
  return Math.floor((poolThreads + 1) / 2);
}
