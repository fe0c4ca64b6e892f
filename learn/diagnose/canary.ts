import { stat } from "node:fs";
import { monotonicMs } from "../../registry/clock.ts";
import { type PoolThreads, readPoolThreads, wasStarved } from "./pool-threads.ts";
import { type CanaryData, canaryCell, toCell } from "./watch-thread-data.ts";

/** Between two canaries, in milliseconds. Each wakes two threads, which is not for nothing. */
const restMs = 50;
/** Between two looks at one that is out, in milliseconds. */
const lookMs = 20;
/** One that is out for longer found no free thread: it has hardly anything to do, in milliseconds. */
export const lateMs = 50;

interface Canary {
  readonly sentMs: number;
  /** How often this thread has looked whether it is back. */
  looks: number;
  /** What the pool's threads had done when it was out for a while. */
  threads: PoolThreads | undefined;
}

/**
 * Sends calls through libuv's pool that need 0.1 ms there, one after another, and tells how long they
 * wait for a thread. All threads of a process share the pool, and this one's loop is always on time.
 */
export function sendCanaries({ cells }: CanaryData): void {
  const send = () => {
    const canary: Canary = { sentMs: monotonicMs(), looks: 0, threads: undefined };
    const timer = setInterval(() => look(cells, canary), lookMs);
    stat("/", () => {
      clearInterval(timer);
      Atomics.store(cells, canaryCell.waitingMs, 0);
      comeBack(cells, canary);
      setTimeout(send, restMs);
    });
  };
  send();
}

function look(cells: Int32Array, canary: Canary): void {
  const ms = monotonicMs() - canary.sentMs;
  canary.looks++;
  if (isOnTime(canary, ms)) {
    Atomics.store(cells, canaryCell.waitingMs, toCell(ms));
  }
  if (ms >= lateMs / 2) {
    canary.threads ??= readPoolThreads();
  }
}

function comeBack(cells: Int32Array, canary: Canary): void {
  const { sentMs, threads } = canary;
  const ms = monotonicMs() - sentMs;
  const isStarved = threads !== undefined && wasStarved(threads, readPoolThreads());
  if (ms < lateMs || (isOnTime(canary, ms) && !isStarved)) {
    note(cells, ms);
  }
}

/** If this thread was held up itself, it can't tell where the time went. */
function isOnTime({ looks }: Canary, ms: number): boolean {
  return looks * lookMs * 2 >= ms;
}

function note(cells: Int32Array, ms: number): void {
  if (ms > Atomics.load(cells, canaryCell.longestMs)) {
    Atomics.store(cells, canaryCell.longestMs, toCell(ms));
  }
  if (ms >= lateMs) {
    Atomics.add(cells, canaryCell.late, 1);
    Atomics.add(cells, canaryCell.lateMs, toCell(ms));
  }
}
