import { lookup } from "node:dns";
import { monotonicMs } from "../../registry/clock.ts";
import { lateMs } from "./canary.ts";
import { type PoolThreads, readPoolThreads, wasStarved } from "./pool-threads.ts";
import { lookupThreads } from "./watch-libuv-pool.ts";
import {
  type CanaryData,
  canaryCell,
  type LookupData,
  lookupCell,
  toCell,
} from "./watch-thread-data.ts";

/** Interval between probes, in milliseconds. */
const restMs = 100;
/** Interval at which it is seen how long one has waited, in milliseconds. */
const sampleMs = 20;
/**
 * An address as old programs write 127.0.0.1. Node hands it to the system's getaddrinfo(), which asks
 * nobody for it.
 */
const address = "127.1";

/**
 * Sends look-ups through libuv's pool that have nothing to look up, one after another, and reports how long
 * they wait for a thread. libuv lets look-ups use half of its threads, so that other calls go on while
 * look-ups wait for each other.
 *
 * @see https://github.com/libuv/libuv/blob/v1.x/src/threadpool.c
 */
export function probeLookups({ cells }: LookupData, canary: CanaryData): void {
  const send = () => {
    const sentMs = monotonicMs();
    const lateBefore = Atomics.load(canary.cells, canaryCell.late);
    let threads: PoolThreads | undefined;
    let samples = 0;
    const waitedMs = () => monotonicMs() - sentMs;
    // If this thread was held up itself, it can't tell where the time went.
    const isOnTime = (ms: number) => samples * sampleMs * 2 >= ms;
    // What waits while all of the pool is taken says nothing of look-ups.
    const isPoolFree = () =>
      Atomics.load(canary.cells, canaryCell.late) === lateBefore &&
      Atomics.load(canary.cells, canaryCell.waitingMs) < lateMs;
    const timer = setInterval(() => {
      samples++;
      const ms = waitedMs();
      Atomics.store(cells, lookupCell.waitingMs, isOnTime(ms) && isPoolFree() ? toCell(ms) : 0);
      if (ms >= lateMs / 2) {
        threads ??= readPoolThreads();
      }
    }, sampleMs);
    const comeBack = () => {
      clearInterval(timer);
      const ms = waitedMs();
      Atomics.store(cells, lookupCell.waitingMs, 0);
      const isStarved =
        threads !== undefined && wasStarved(threads, readPoolThreads(), lookupThreads);
      if (ms >= lateMs && isOnTime(ms) && isPoolFree() && !isStarved) {
        Atomics.add(cells, lookupCell.totalMs, toCell(ms));
        if (ms > Atomics.load(cells, lookupCell.longestMs)) {
          Atomics.store(cells, lookupCell.longestMs, toCell(ms));
        }
      }
      setTimeout(send, restMs);
    };
    try {
      lookup(address, { family: 4 }, comeBack);
    } catch {
      // Such as with --permission: then nobody looks anything up.
      clearInterval(timer);
    }
  };
  send();
}
