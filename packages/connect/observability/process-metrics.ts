import { stat } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { withTimeout } from "@unblock/executors/waiting";
import type { EventLoopVitals } from "@unblock/measure/event-loop";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

export const secondsBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
/** Window of the maximum delay, in seconds, which is at least the usual scrape interval. */
const windowSeconds = 60;

/**
 * Registers counters of the event loop since the server started, so that each scraper computes the rates of
 * its own interval: `rate(unblock_event_loop_active_seconds_total[1m])` is the utilization. Only the maximum
 * delay needs a window, the last minute.
 */
export function registerEventLoop(eventLoop: EventLoopVitals, registers: Registry[]): void {
  const delays = new Histogram({
    name: "unblock_event_loop_delay_seconds",
    help: "Delay of a timer that is due every 5 ms.",
    buckets: secondsBuckets,
    registers,
    collect: () => eventLoop.catchUp(),
  });
  const maximum = new RecentMaximum();
  eventLoop.onTick((dueMs, nowMs) => {
    const seconds = Math.max(0, nowMs - dueMs) / 1_000;
    delays.observe(seconds);
    maximum.add(seconds, nowMs);
  });
  new Gauge({
    name: "unblock_event_loop_delay_max_seconds",
    help: `Maximum event-loop delay in the last ${windowSeconds} seconds.`,
    registers,
    collect() {
      eventLoop.catchUp();
      this.set(maximum.read(performance.now()));
    },
  });
  new Counter({
    name: "unblock_event_loop_active_seconds_total",
    help: "Time that the event loop was not idle.",
    registers,
    collect() {
      this.reset();
      this.inc(eventLoop.totals().activeMs / 1_000);
    },
  });
  new Counter({
    name: "unblock_event_loop_cpu_seconds_total",
    help: "CPU time of the event loop's thread.",
    registers,
    collect() {
      this.reset();
      this.inc(eventLoop.totals().cpuMs / 1_000);
    },
  });
}

/** Registers how long a tiny `fs.stat` takes in libuv's pool, which shows that the pool is full. */
export function registerLibuvPool(registers: Registry[]): void {
  const probe = new LibuvProbe();
  new Gauge({
    name: "unblock_libuv_probe_up",
    help: "1 when an fs.stat returned from libuv's pool within half a second, 0 otherwise.",
    registers,
    async collect() {
      const { ms } = await probe.sample();
      this.set(ms === undefined ? 0 : 1);
    },
  });
  new Gauge({
    name: "unblock_libuv_probe_seconds",
    help: "Duration of that fs.stat; absent while it has not returned.",
    registers,
    async collect() {
      const { ms } = await probe.sample();
      if (ms === undefined) {
        this.remove();
      } else {
        this.set(ms / 1_000);
      }
    },
  });
  new Gauge({
    name: "unblock_libuv_probe_waiting_seconds",
    help: "Time that a pending fs.stat has been waiting for libuv's pool; 0 when none is pending.",
    registers,
    async collect() {
      const { waitedMs } = await probe.sample();
      this.set(waitedMs / 1_000);
    },
  });
}

const probeWaitMs = 500;

/**
 * Probe of libuv's pool, which reports nothing itself: a call that takes no time shows how long the queue is.
 * Only one call runs at a time, so that a hung pool is not asked again and again.
 */
class LibuvProbe {
  #flight: { readonly beganMs: number; readonly ended: Promise<number> } | undefined;

  /** Duration of the call; while it has not returned, undefined and the time waited so far. */
  async sample(): Promise<{ readonly ms: number | undefined; readonly waitedMs: number }> {
    this.#flight ??= this.#start();
    const { beganMs, ended } = this.#flight;
    const ms = await withTimeout(probeWaitMs, ended).catch(() => undefined);
    return { ms, waitedMs: ms === undefined ? performance.now() - beganMs : 0 };
  }

  #start() {
    const beganMs = performance.now();
    const end = () => {
      this.#flight = undefined;
      return performance.now() - beganMs;
    };
    // A missing folder takes the same threads.
    return { beganMs, ended: stat(".").then(end, end) };
  }
}

/** The maximum of the last minute, kept as one maximum per second. */
class RecentMaximum {
  readonly #seconds = Array.from({ length: windowSeconds }, () => ({ second: -1, value: 0 }));

  add(value: number, nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    const slot = this.#seconds[second % windowSeconds];
    if (slot === undefined) {
      return;
    }
    slot.value = slot.second === second ? Math.max(slot.value, value) : value;
    slot.second = second;
  }

  read(nowMs: number): number {
    const oldest = Math.floor(nowMs / 1_000) - windowSeconds;
    return Math.max(
      0,
      ...this.#seconds.filter(({ second }) => second > oldest).map(({ value }) => value),
    );
  }
}
