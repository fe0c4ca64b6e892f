import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { create, fromJson, toJson } from "@bufbuild/protobuf";
import {
  type LoadRequest,
  LoadRequestSchema,
  type LoadResponse,
  LoadResponseSchema,
  type LoadRun,
  LoadRunSchema,
  MachineFactsSchema,
  type RaceRequest,
  type RaceResponse,
  RaceRunSchema,
  type Run,
  type RunKept,
  RunKeptSchema,
  type RunSummary,
  RunSummarySchema,
} from "../../gen/unblock/v1/lab_pb.ts";
import { findExercise } from "../../registry/exercises.ts";
import type { LoadOrder } from "../../registry/fired-runs.ts";
import { Failure } from "../errors.ts";
import { runInChild } from "./firing-process.ts";
import { race } from "./race.ts";
import { SavedRuns } from "./saved-runs.ts";

const main = new URL("../../lab/load/main.ts", import.meta.url);
/** Time that a run waits for the one before, which may just be ending. */
const maxWaitMs = 1_000;

interface LabConfig {
  /** URL of this server; called when a run starts. */
  readonly baseUrl: () => string;
  readonly seats: () => Readonly<Record<string, number>>;
  readonly runsFolder: string;
  readonly log: (line: string) => void;
}

/** Runs races and load tests against this server, streams their events and saves the results. */
export class Lab {
  readonly #config: LabConfig;
  readonly kept: SavedRuns;
  #running: { readonly what: string; readonly ended: Promise<void> } | undefined;
  readonly #closing = new AbortController();

  constructor(config: LabConfig) {
    this.#config = config;
    this.kept = new SavedRuns(config.runsFolder, config.log);
  }

  async *race(request: RaceRequest, caller: AbortSignal): AsyncGenerator<RaceResponse["event"]> {
    const { exercise, strategies } = request;
    const beganAt = new Date().toISOString();
    const run = create(RaceRunSchema, { request });
    const { baseUrl, seats } = this.#config;
    const sentence = yield* this.#alone(`a race of ${exercise}`, caller, (signal) =>
      race(request, { baseUrl: baseUrl(), seats: seats(), signal, run }),
    );
    const summary = create(RunSummarySchema, { exercise, strategies, sentence, beganAt });
    yield { case: "kept", value: await this.#save(summary, { case: "race", value: run }) };
  }

  async *load(request: LoadRequest, caller: AbortSignal): AsyncGenerator<LoadResponse["event"]> {
    const { exercise } = request;
    const beganAt = new Date().toISOString();
    const run = create(LoadRunSchema, { request });
    const sentence = yield* this.#alone(`a load of ${exercise}`, caller, (signal) =>
      load(this.#config.baseUrl(), request, signal, run),
    );
    const strategy = request.strategy || findExercise(exercise)?.recommended;
    const summary = create(RunSummarySchema, {
      exercise,
      strategies: strategy === undefined ? [] : [strategy],
      sentence,
      beganAt,
      isLoad: true,
    });
    yield { case: "kept", value: await this.#save(summary, { case: "load", value: run }) };
  }

  /** Ends the current run, so that the server does not wait a minute to stop. */
  close(): void {
    this.#closing.abort(new Failure("UNBLOCK_SHUTTING_DOWN", {}));
  }

  /**
   * Runs one at a time, because two would disturb each other; a run ends with its caller and with
   * this server. Another is rejected after a moment: the current one may take minutes, and its
   * caller can end it.
   */
  async *#alone<Event>(
    what: string,
    caller: AbortSignal,
    start: (signal: AbortSignal) => AsyncGenerator<Event, string>,
  ): AsyncGenerator<Event, string> {
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
    this.#running = { what, ended };
    try {
      return yield* start(signal);
    } finally {
      this.#running = undefined;
      resolve();
    }
  }

  async #save(summary: RunSummary, kind: Run["kind"]): Promise<RunKept> {
    const { sentence } = summary;
    const facts = { cores: availableParallelism(), node: process.version };
    const machine = create(MachineFactsSchema, facts);
    try {
      return create(RunKeptSchema, {
        id: await this.kept.keep(summary, { machine, kind }),
        sentence,
      });
    } catch (error) {
      // A full disk does not change what the caller has seen.
      this.#config.log(`A run could not be saved in ${this.#config.runsFolder}: ${error}`);
      return create(RunKeptSchema, { sentence });
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
  let sentence = "";
  for await (const message of runInChild({ main, order, signal })) {
    if (message.kind !== "event") {
      continue;
    }
    const { event } = fromJson(LoadResponseSchema, message.event);
    if (event.case === "kept") {
      sentence = event.value.sentence;
      continue;
    }
    if (event.case === "interval") {
      run.intervals.push(event.value);
    } else if (event.case === "ended") {
      run.figures = event.value;
    }
    yield event;
  }
  return sentence;
}
