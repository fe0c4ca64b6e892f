import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { create, fromJson, toJson } from "@bufbuild/protobuf";
import { Failure } from "@unblock/errors/failure";
import { findExercise } from "@unblock/proto/exercises";
import type { LoadOrder } from "@unblock/proto/fired-runs";
import {
  type LoadRequest,
  LoadRequestSchema,
  type LoadResponse,
  LoadResponseSchema,
  type LoadRun,
  LoadRunSchema,
  MachineFactsSchema,
  type RaceRequest,
  RaceRunSchema,
  type Run,
  type RunSaved,
  RunSavedSchema,
  type RunSummary,
  RunSummarySchema,
} from "@unblock/proto/gen/lab";
import { runInChild } from "./firing-process.ts";
import { race, type Ticks } from "./race.ts";
import { SavedRuns } from "./saved-runs.ts";

const main = new URL(import.meta.resolve("@unblock/lab/load/main"));
/** Time that a run waits for the one before, which may just be ending. */
const maxWaitMs = 1_000;

interface LabConfig {
  /** URL of this server; called when a run starts. */
  readonly baseUrl: () => string;
  readonly slots: () => Readonly<Record<string, number>>;
  readonly eventLoop: Ticks;
  readonly runsFolder: string;
  readonly log: (line: string) => void;
}

/** Runs races and load tests against this server, streams their events and saves the results. */
export class Lab {
  readonly #config: LabConfig;
  readonly savedRuns: SavedRuns;
  #running: { readonly what: string; readonly ended: Promise<void> } | undefined;
  readonly #closing = new AbortController();

  constructor(config: LabConfig) {
    this.#config = config;
    this.savedRuns = new SavedRuns(config.runsFolder, config.log);
  }

  race(request: RaceRequest, caller: AbortSignal) {
    const { exercise, strategies } = request;
    const { baseUrl, slots, eventLoop } = this.#config;
    const run = create(RaceRunSchema, { request });
    const start = (signal: AbortSignal) =>
      race(request, { baseUrl: baseUrl(), slots: slots(), eventLoop, signal, run });
    const overview = create(RunSummarySchema, { exercise, strategies });
    return this.#runAlone(overview, { case: "race", value: run }, caller, start);
  }

  load(request: LoadRequest, caller: AbortSignal) {
    const { exercise } = request;
    const run = create(LoadRunSchema, { request });
    const start = (signal: AbortSignal) => load(this.#config.baseUrl(), request, signal, run);
    const strategy = request.strategy || findExercise(exercise)?.recommended;
    const strategies = strategy === undefined ? [] : [strategy];
    const overview = create(RunSummarySchema, { exercise, strategies, isLoad: true });
    return this.#runAlone(overview, { case: "load", value: run }, caller, start);
  }

  /** Ends the current run, so that the server does not wait a minute to stop. */
  close(): void {
    this.#closing.abort(new Failure("UNBLOCK_SHUTTING_DOWN", {}));
  }

  /**
   * Runs one at a time, because two would disturb each other, and saves it; a run ends with its
   * caller and with this server. Another is rejected after a moment: the current one may take
   * minutes, and its caller can end it.
   */
  async *#runAlone<Event>(
    overview: RunSummary,
    kind: Run["kind"],
    caller: AbortSignal,
    start: (signal: AbortSignal) => AsyncGenerator<Event, string>,
  ): AsyncGenerator<Event | { case: "saved"; value: RunSaved }> {
    overview.beganAt = new Date().toISOString();
    const signal = AbortSignal.any([caller, this.#closing.signal]);
    const late = sleep(maxWaitMs, true, { signal, ref: false });
    // Without a listener, a late rejection would end the process.
    late.catch(() => {});
    for (let other = this.#running; other !== undefined; other = this.#running) {
      if (await Promise.race([other.ended.then(() => false), late])) {
        throw new Failure("UNBLOCK_RUN_IN_PROGRESS", { other: other.what });
      }
    }
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    this.#running = { what: `a ${kind.case} of ${overview.exercise}`, ended };
    try {
      overview.summary = yield* start(signal);
    } finally {
      this.#running = undefined;
      resolve();
    }
    yield { case: "saved", value: await this.#save(overview, kind) };
  }

  async #save(overview: RunSummary, kind: Run["kind"]): Promise<RunSaved> {
    const { summary } = overview;
    const facts = { cores: availableParallelism(), node: process.version };
    const machine = create(MachineFactsSchema, facts);
    try {
      return create(RunSavedSchema, {
        id: await this.savedRuns.keep(overview, { machine, kind }),
        summary,
      });
    } catch (error) {
      // A full disk does not change what the caller has seen.
      this.#config.log(`A run could not be saved in ${this.#config.runsFolder}: ${error}`);
      return create(RunSavedSchema, { summary });
    }
  }
}

/**
 * Runs a load test, yields its events and adds intervals and figures to `run`.
 *
 * @returns the summary
 */
async function* load(
  baseUrl: string,
  request: LoadRequest,
  signal: AbortSignal,
  run: LoadRun,
): AsyncGenerator<LoadResponse["event"], string> {
  const order: LoadOrder = { baseUrl, request: toJson(LoadRequestSchema, request) };
  let summary = "";
  for await (const message of runInChild({ main, order, signal })) {
    if (message.kind !== "event") {
      continue;
    }
    const { event } = fromJson(LoadResponseSchema, message.event);
    if (event.case === "saved") {
      summary = event.value.summary;
      continue;
    }
    if (event.case === "interval") {
      run.intervals.push(event.value);
    } else if (event.case === "ended") {
      run.figures = event.value;
    }
    yield event;
  }
  return summary;
}
