import { type EventLoopUtilization, monitorEventLoopDelay, performance } from "node:perf_hooks";

/** How often the loop is asked to be on time, in milliseconds. */
const resolutionMs = 5;

/** What the event loop of this thread went through since the window began. */
export interface EventLoopReading {
  readonly delayMeanMs: number;
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  /** 0 to 1: the part of the time in which the loop was not idle. */
  readonly utilization: number;
  /** CPU time of this thread as a part of the time that passed. */
  readonly cpu: number;
}

/**
 * Watches the event loop of the thread that creates it.
 *
 * Utilization and CPU together tell what blocks: both near 1 is computing, utilization near 1
 * without CPU is a blocking call.
 */
export class EventLoopVitals {
  readonly #delay = monitorEventLoopDelay({ resolution: resolutionMs });
  #utilization: EventLoopUtilization = performance.eventLoopUtilization();
  #cpu = process.threadCpuUsage();
  #beganMs = performance.now();

  constructor() {
    this.#delay.enable();
  }

  read(): EventLoopReading {
    const { user, system } = process.threadCpuUsage(this.#cpu);
    return {
      delayMeanMs: lateMs(this.#delay.mean),
      delayP99Ms: lateMs(this.#delay.percentile(99)),
      delayMaxMs: lateMs(this.#delay.max),
      utilization: performance.eventLoopUtilization(this.#utilization).utilization,
      cpu: (user + system) / 1_000 / (performance.now() - this.#beganMs),
    };
  }

  /** Begins anew. A block within the next few milliseconds is not seen: the first tick starts the watch. */
  restartWindow(): void {
    this.#delay.reset();
    this.#utilization = performance.eventLoopUtilization();
    this.#cpu = process.threadCpuUsage();
    this.#beganMs = performance.now();
  }

  close(): void {
    this.#delay.disable();
  }
}

// Node measures from tick to tick, in nanoseconds; late is what is over the resolution.
function lateMs(nanoseconds: number): number {
  return Number.isNaN(nanoseconds) ? 0 : Math.max(0, nanoseconds / 1e6 - resolutionMs);
}
