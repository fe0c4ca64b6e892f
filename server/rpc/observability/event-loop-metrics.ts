import { performance } from "node:perf_hooks";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { EventLoopVitals } from "../../vitals/event-loop.ts";

const delayBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** How long the greatest delay is remembered, in seconds: usual intervals between scrapes are no longer. */
const rememberedSeconds = 60;

/**
 * The event loop since the server started, so that each scraper takes the figures of its own time:
 * `rate(unblock_event_loop_active_seconds_total[1m])` is the utilization. Only the greatest delay needs a
 * window; it is the last minute, for everybody.
 */
export function registerEventLoop(eventLoop: EventLoopVitals, registers: Registry[]): void {
  const delays = new Histogram({
    name: "unblock_event_loop_delay_seconds",
    help: "How late the event loop came to a timer that is due every 5 ms.",
    buckets: delayBuckets,
    registers,
    collect: () => eventLoop.catchUp(),
  });
  const greatest = new RecentMaximum();
  eventLoop.onTick((dueMs, nowMs) => {
    const seconds = Math.max(0, nowMs - dueMs) / 1_000;
    delays.observe(seconds);
    greatest.add(seconds, nowMs);
  });
  new Gauge({
    name: "unblock_event_loop_delay_max_seconds",
    help: `Greatest of these delays in the last ${rememberedSeconds} seconds.`,
    registers,
    collect() {
      eventLoop.catchUp();
      this.set(greatest.read(performance.now()));
    },
  });
  new Counter({
    name: "unblock_event_loop_active_seconds_total",
    help: "Time in which the event loop was not idle.",
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

/** The greatest of the values of the last minute: one for each of its seconds. */
class RecentMaximum {
  readonly #seconds = Array.from({ length: rememberedSeconds }, () => ({ second: -1, value: 0 }));

  add(value: number, nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    const slot = this.#seconds[second % rememberedSeconds];
    if (slot === undefined) {
      return;
    }
    slot.value = slot.second === second ? Math.max(slot.value, value) : value;
    slot.second = second;
  }

  read(nowMs: number): number {
    const oldest = Math.floor(nowMs / 1_000) - rememberedSeconds;
    return Math.max(
      0,
      ...this.#seconds.filter(({ second }) => second > oldest).map(({ value }) => value),
    );
  }
}
