import { type EventLoopUtilization, performance } from "node:perf_hooks";
import { create, fromJson, toJson } from "@bufbuild/protobuf";
import { monotonicMs } from "@unblock/measure/clock";
import type { Go, RaceOrder, Told } from "@unblock/proto/fired-runs";
import {
  type BurstProgress,
  BurstProgressSchema,
  BurstRunSchema,
  type LoopSample,
  LoopSampleSchema,
  type RaceRequest,
  RaceRequestSchema,
  type RaceResponse,
  RaceResponseSchema,
  type RaceRun,
} from "@unblock/proto/gen/lab";
import { runInChild } from "./firing-process.ts";

const main = new URL(import.meta.resolve("@unblock/lab/race/main"));

interface RaceOptions extends Pick<RaceOrder, "baseUrl" | "slots"> {
  readonly signal: AbortSignal;
  /** Receives the finished bursts. */
  readonly run: RaceRun;
}

/**
 * Runs a race and yields its events, with samples of this server's event loop.
 *
 * @returns the summary
 */
export async function* race(
  request: RaceRequest,
  { baseUrl, slots, signal, run }: RaceOptions,
): AsyncGenerator<RaceResponse["event"], string> {
  const watches = new BurstSamplers();
  let loop = new LoopSampler();
  let originMs = 0;
  const order: RaceOrder = {
    baseUrl,
    slots,
    request: toJson(RaceRequestSchema, request),
  };
  let summary = "";
  let burst = create(BurstRunSchema);
  let events = create(BurstProgressSchema);
  try {
    for await (const message of runInChild({ main, order, signal, onMessage: watches.onMessage })) {
      if (message.kind === "burst-ready") {
        loop = watches.next();
      } else if (message.kind === "burst-began") {
        originMs = message.originMs;
      }
      if (message.kind !== "event") {
        continue;
      }
      const { event } = fromJson(RaceResponseSchema, message.event);
      if (event.case === "burstBegan") {
        events = create(BurstProgressSchema);
        burst = create(BurstRunSchema, { strategy: event.value.strategy, events });
      } else if (event.case === "saved") {
        summary = event.value.summary;
        continue;
      } else if (event.case === "burstProgress") {
        event.value.loop = takeSamples(loop, originMs);
        if (!append(events, event.value)) {
          continue;
        }
      } else if (event.case === "burstEnded" && event.value.figures) {
        const rest = create(BurstProgressSchema, { loop: takeSamples(loop, originMs) });
        if (append(events, rest)) {
          yield { case: "burstProgress", value: rest };
        }
        const { figures } = event.value;
        figures.loopDelayMaxMs = Math.max(0, ...events.loop.map(({ delayMs }) => delayMs));
        burst.figures = figures;
        run.bursts.push(burst);
      }
      yield event;
    }
    return summary;
  } finally {
    watches.stop();
  }
}

/**
 * Samples the event loop during each burst, from before its first call until after its last. Starts
 * and stops when a message arrives, not when it is read, which may be later.
 */
class BurstSamplers {
  readonly #watches: LoopSampler[] = [];
  #taken = 0;

  readonly onMessage = ({ kind }: Told, reply: (message: Go) => void): void => {
    if (kind === "burst-ready") {
      const watch = new LoopSampler();
      this.#watches.push(watch);
      watch.start();
      reply("go");
    } else if (kind === "burst-over") {
      this.stop();
    }
  };

  next(): LoopSampler {
    return this.#watches[this.#taken++] ?? new LoopSampler();
  }

  stop(): void {
    this.#watches.at(-1)?.stop();
  }
}

function takeSamples(loop: LoopSampler, originMs: number): LoopSample[] {
  return loop
    .take()
    .filter(({ atMs }) => atMs >= originMs)
    .map(({ atMs, delayMs, utilization }) =>
      create(LoopSampleSchema, {
        atMs: round(atMs - originMs),
        delayMs: round(delayMs),
        utilization,
      }),
    );
}

/** @returns whether there was anything to append */
function append(events: BurstProgress, { calls, loop, probe }: BurstProgress): boolean {
  events.calls.push(...calls);
  events.loop.push(...loop);
  events.probe.push(...probe);
  return calls.length + loop.length + probe.length > 0;
}

/** Rounds to microseconds: finer digits are noise, and a file stores every digit. */
function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

/** Sampling interval. Each sample wakes the process, which costs more than the sample itself. */
const sampleMs = 10;

interface Sample {
  readonly atMs: number;
  /** Delay of the event loop at this sample, in milliseconds. */
  readonly delayMs: number;
  /** Utilization since the last sample, 0 to 1. */
  readonly utilization: number;
}

/**
 * Samples this thread's event loop. A blocked loop takes no samples; the next one has the whole
 * delay.
 *
 * Node's monitorEventLoopDelay has one figure for a period and does not say when.
 */
class LoopSampler {
  #samples: Sample[] = [];
  #dueMs = 0;
  #utilization: EventLoopUtilization = performance.eventLoopUtilization();
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.#utilization = performance.eventLoopUtilization();
    this.#waitForNext(monotonicMs());
  }

  /** Takes a last sample before the next is due. */
  stop(): void {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#sample();
    }
  }

  /** Samples since the last call. */
  take(): readonly Sample[] {
    const samples = this.#samples;
    this.#samples = [];
    return samples;
  }

  #waitForNext(nowMs: number): void {
    this.#dueMs = nowMs + sampleMs;
    this.#timer = setTimeout(() => this.#waitForNext(this.#sample()), sampleMs);
  }

  #sample(): number {
    const atMs = monotonicMs();
    const since = this.#utilization;
    this.#utilization = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(this.#utilization, since);
    this.#samples.push({ atMs, delayMs: Math.max(0, atMs - this.#dueMs), utilization });
    return atMs;
  }
}
