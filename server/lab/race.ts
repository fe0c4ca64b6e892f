import { performance } from "node:perf_hooks";
import { create, fromJson, toJson } from "@bufbuild/protobuf";
import { monotonicMs } from "@unblock/measure/clock";
import type { EventLoopVitals } from "@unblock/measure/event-loop";
import type { Go, RaceOrder, RunMessage } from "@unblock/proto/fired-runs";
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
  readonly eventLoop: Ticks;
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
  { baseUrl, slots, signal, eventLoop, run }: RaceOptions,
): AsyncGenerator<RaceResponse["event"], string> {
  const sampler = new BurstSampler(eventLoop);
  let samples: Sample[] = [];
  let originMs = 0;
  const order: RaceOrder = { baseUrl, slots, request: toJson(RaceRequestSchema, request) };
  let summary = "";
  let burst = create(BurstRunSchema);
  let events = create(BurstProgressSchema);
  const { onMessage } = sampler;
  try {
    for await (const message of runInChild({ main, order, signal, onMessage })) {
      if (message.kind === "burst-ready") {
        samples = sampler.next();
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
        event.value.loop = takeFrom(samples, originMs);
        if (!append(events, event.value)) {
          continue;
        }
      } else if (event.case === "burstEnded" && event.value.figures) {
        const rest = create(BurstProgressSchema, { loop: takeFrom(samples, originMs) });
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
    sampler.stop();
  }
}

/** @returns whether there was anything to append */
function append(events: BurstProgress, { calls, loop, probe }: BurstProgress): boolean {
  events.calls.push(...calls);
  events.loop.push(...loop);
  events.probe.push(...probe);
  return calls.length + loop.length + probe.length > 0;
}

/** What is sampled of the server's event loop. */
export type Ticks = Pick<EventLoopVitals, "onTick" | "catchUp">;

interface Sample {
  readonly atMs: number;
  /** Delay of the event loop at this sample, in milliseconds. */
  readonly delayMs: number;
  /** Utilization since the last sample, 0 to 1. */
  readonly utilization: number;
}

/**
 * Samples the event loop during each burst, from before its first call until after its last. A
 * blocked loop takes no samples; the next one has the whole delay. Starts and stops when a message
 * arrives, not when it is read, which may be later.
 */
class BurstSampler {
  readonly #eventLoop: Ticks;
  readonly #bursts: Sample[][] = [];
  #taken = 0;
  #unsubscribe = () => {};

  constructor(eventLoop: Ticks) {
    this.#eventLoop = eventLoop;
  }

  readonly onMessage = ({ kind }: RunMessage, reply: (message: Go) => void): void => {
    if (kind === "burst-ready") {
      this.#start();
      reply("go");
    } else if (kind === "burst-over") {
      this.stop();
    }
  };

  #start(): void {
    const samples: Sample[] = [];
    this.#bursts.push(samples);
    let before = performance.eventLoopUtilization();
    this.#unsubscribe = this.#eventLoop.onTick((dueMs, nowMs) => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      samples.push({ atMs: monotonicMs(), delayMs: Math.max(0, nowMs - dueMs), utilization });
    });
  }

  /** Samples of the next burst, to which more are added. */
  next(): Sample[] {
    return this.#bursts[this.#taken++] ?? [];
  }

  /** Takes a last sample if one is due. */
  stop(): void {
    this.#eventLoop.catchUp();
    this.#unsubscribe();
  }
}

/** Takes the samples from a moment on, which becomes 0. */
function takeFrom(samples: Sample[], originMs: number): LoopSample[] {
  return samples
    .splice(0)
    .filter(({ atMs }) => atMs >= originMs)
    .map(({ atMs, delayMs, utilization }) =>
      create(LoopSampleSchema, {
        atMs: round(atMs - originMs),
        delayMs: round(delayMs),
        utilization,
      }),
    );
}

/** Rounds to microseconds: finer digits are noise, and a file stores every digit. */
function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
