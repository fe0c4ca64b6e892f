import { type EventLoopUtilization, performance } from "node:perf_hooks";
import { monotonicMs } from "../../registry/clock.ts";

/** How often it looks, in milliseconds: each time wakes the process, which costs more than the look. */
const everyMs = 10;

export interface LoopLook {
  /** On the machine's monotonic clock. */
  readonly atMs: number;
  /** How late the loop came to this look, in milliseconds. */
  readonly delayMs: number;
  /** Since the look before, 0 to 1. */
  readonly utilization: number;
}

/**
 * Looks at the event loop of this thread again and again. While the loop is blocked there is no look; the
 * one after that tells the whole delay.
 *
 * Node's own monitor has one figure for a time, and this has to say when.
 */
export class LoopWatch {
  #looks: LoopLook[] = [];
  #dueMs = 0;
  #utilization: EventLoopUtilization = performance.eventLoopUtilization();
  #timer: NodeJS.Timeout | undefined;

  /** To be called once. */
  start(): void {
    this.#utilization = performance.eventLoopUtilization();
    this.#waitForNext(monotonicMs());
  }

  /** Takes a last look, before the next would be due. */
  stop(): void {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#look();
    }
  }

  /** The looks since this was asked the last time. */
  take(): readonly LoopLook[] {
    const looks = this.#looks;
    this.#looks = [];
    return looks;
  }

  #waitForNext(nowMs: number): void {
    this.#dueMs = nowMs + everyMs;
    this.#timer = setTimeout(() => this.#waitForNext(this.#look()), everyMs);
  }

  #look(): number {
    const atMs = monotonicMs();
    const since = this.#utilization;
    this.#utilization = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(this.#utilization, since);
    this.#looks.push({ atMs, delayMs: Math.max(0, atMs - this.#dueMs), utilization });
    return atMs;
  }
}
