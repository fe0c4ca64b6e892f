import { type EventLoopUtilization, performance } from "node:perf_hooks";
import { create, fromJson, toJson } from "@bufbuild/protobuf";
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
} from "../../gen/unblock/v1/lab_pb.ts";
import { monotonicMs } from "../../registry/clock.ts";
import type { Go, RaceOrder, Told } from "../../registry/fired-runs.ts";
import { fireFrom } from "./firing-process.ts";

const main = new URL("../../lab/race/main.ts", import.meta.url);

interface RaceOptions extends Pick<RaceOrder, "baseUrl" | "seats"> {
  readonly signal: AbortSignal;
  /** Where the bursts go when they are over. */
  readonly run: RaceRun;
}

/**
 * Has a race fired, and tells of it with what the event loop of this server goes through meanwhile.
 *
 * @returns what happened, in a sentence or two
 */
export async function* race(
  request: RaceRequest,
  { baseUrl, seats, signal, run }: RaceOptions,
): AsyncGenerator<RaceResponse["event"], string> {
  const watches = new BurstWatches();
  let loop = new LoopWatch();
  let originMs = 0;
  const order: RaceOrder = {
    baseUrl,
    seats,
    request: toJson(RaceRequestSchema, request),
  };
  let sentence = "";
  let burst = create(BurstRunSchema);
  let events = create(BurstProgressSchema);
  try {
    for await (const told of fireFrom({ main, order, signal, onTold: watches.onTold })) {
      if (told.kind === "burst-ready") {
        loop = watches.next();
      } else if (told.kind === "burst-began") {
        originMs = told.originMs;
      }
      if (told.kind !== "event") {
        continue;
      }
      const { event } = fromJson(RaceResponseSchema, told.event);
      if (event.case === "burstBegan") {
        events = create(BurstProgressSchema);
        burst = create(BurstRunSchema, { strategy: event.value.strategy, events });
      } else if (event.case === "kept") {
        sentence = event.value.sentence;
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
    return sentence;
  } finally {
    watches.stop();
  }
}

/**
 * A watch for each burst, from before its first call until after its last: begun and stopped when that is told,
 * and not when somebody takes what was told, which may be later.
 */
class BurstWatches {
  readonly #watches: LoopWatch[] = [];
  #taken = 0;

  readonly onTold = ({ kind }: Told, answer: (message: Go) => void): void => {
    if (kind === "burst-ready") {
      const watch = new LoopWatch();
      this.#watches.push(watch);
      watch.start();
      answer("go");
    } else if (kind === "burst-over") {
      this.stop();
    }
  };

  /** That of the next burst. */
  next(): LoopWatch {
    return this.#watches[this.#taken++] ?? new LoopWatch();
  }

  stop(): void {
    this.#watches.at(-1)?.stop();
  }
}

function takeSamples(loop: LoopWatch, originMs: number): LoopSample[] {
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

/** @returns whether there was something to append */
function append(events: BurstProgress, { calls, loop, bystander }: BurstProgress): boolean {
  events.calls.push(...calls);
  events.loop.push(...loop);
  events.bystander.push(...bystander);
  return calls.length + loop.length + bystander.length > 0;
}

/** To whole microseconds: finer figures are noise, and every digit is kept in a file. */
function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

/** How often it looks, in milliseconds: each time wakes the process, which costs more than the look. */
const everyMs = 10;

interface LoopLook {
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
class LoopWatch {
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
