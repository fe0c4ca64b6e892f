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
import type { Go, RaceOrder, Told } from "../../registry/fired-runs.ts";
import { fireFrom } from "./firing-process.ts";
import { LoopWatch } from "./loop-watch.ts";

const main = new URL("../../lab/race/main.ts", import.meta.url);

export interface RaceOptions extends Pick<RaceOrder, "baseUrl" | "seats"> {
  /** What one CPU task takes alone, in ms, by exercise: measured once a server, by its first race. */
  readonly tasksAloneMs: Map<string, number>;
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
  { baseUrl, seats, tasksAloneMs, signal, run }: RaceOptions,
): AsyncGenerator<RaceResponse["event"], string> {
  const loop = new LoopWatch();
  let originMs = 0;
  const order: RaceOrder = {
    baseUrl,
    seats,
    request: toJson(RaceRequestSchema, request),
    taskMs: tasksAloneMs.get(request.exercise),
  };
  let sentence = "";
  let burst = create(BurstRunSchema);
  let events = create(BurstProgressSchema);
  try {
    for await (const told of fireFrom({ main, order, signal, onTold: watchBursts(loop) })) {
      if (told.kind === "task-alone") {
        tasksAloneMs.set(request.exercise, told.taskMs);
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
    loop.stop();
  }
}

/** Watches the loop from before a burst's first call until after its last, and no longer. */
function watchBursts(loop: LoopWatch) {
  return (told: Told, answer: (message: Go) => void) => {
    if (told.kind === "burst-ready") {
      loop.start();
      answer("go");
    } else if (told.kind === "burst-over") {
      loop.stop();
    }
  };
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
