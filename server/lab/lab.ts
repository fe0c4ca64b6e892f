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
import { fireFrom } from "./firing-process.ts";
import { KeptRuns } from "./kept-runs.ts";
import { race } from "./race.ts";

interface LabConfig {
  /** Where the process that fires finds this server; asked when there is something to fire. */
  readonly baseUrl: () => string;
  /** How many seats each place has, by the strategies' names. */
  readonly seats: () => Readonly<Record<string, number>>;
  /** Where finished runs are kept. */
  readonly runsFolder: string;
  readonly log: (line: string) => void;
}

/** Has races and loads fired at this server, tells of them, and keeps what came of them. */
export class Lab {
  readonly #config: LabConfig;
  readonly kept: KeptRuns;
  readonly #oneAtATime = new OneAtATime();
  readonly #closing = new AbortController();

  constructor(config: LabConfig) {
    this.#config = config;
    this.kept = new KeptRuns(config.runsFolder, config.log);
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
    yield { case: "kept", value: await this.#keep(summary, { case: "race", value: run }) };
  }

  async *load(request: LoadRequest, caller: AbortSignal): AsyncGenerator<LoadResponse["event"]> {
    const { exercise } = request;
    const beganAt = new Date().toISOString();
    const run = create(LoadRunSchema, { request });
    const { baseUrl } = this.#config;
    const sentence = yield* this.#alone(`a load of ${exercise}`, caller, (signal) =>
      load(request, { baseUrl: baseUrl(), signal, run }),
    );
    const strategy = request.strategy || findExercise(exercise)?.recommended;
    const summary = create(RunSummarySchema, {
      exercise,
      strategies: strategy === undefined ? [] : [strategy],
      sentence,
      beganAt,
      isLoad: true,
    });
    yield { case: "kept", value: await this.#keep(summary, { case: "load", value: run }) };
  }

  /** Ends what is fired: nobody waits a minute for a server to stop. */
  close(): void {
    this.#closing.abort(new Failure("UNBLOCK_SHUTTING_DOWN", {}));
  }

  /** Fires one run at a time; it ends with its caller and with this server. */
  async *#alone<Event>(
    what: string,
    caller: AbortSignal,
    fire: (signal: AbortSignal) => AsyncGenerator<Event, string>,
  ): AsyncGenerator<Event, string> {
    const signal = AbortSignal.any([caller, this.#closing.signal]);
    const end = await this.#oneAtATime.begin(what, signal);
    try {
      return yield* fire(signal);
    } finally {
      end();
    }
  }

  async #keep(summary: RunSummary, kind: Run["kind"]): Promise<RunKept> {
    const { sentence } = summary;
    const facts = { cores: availableParallelism(), node: process.version };
    const machine = create(MachineFactsSchema, facts);
    try {
      return create(RunKeptSchema, {
        id: await this.kept.keep(summary, { machine, kind }),
        sentence,
      });
    } catch (error) {
      // It has been seen, and a full disk does not change what was seen.
      this.#config.log(`A run could not be kept in ${this.#config.runsFolder}: ${error}`);
      return create(RunKeptSchema, { sentence });
    }
  }
}

const main = new URL("../../lab/load/main.ts", import.meta.url);

interface LoadOptions extends Pick<LoadOrder, "baseUrl"> {
  readonly signal: AbortSignal;
  /** Where intervals and figures go. */
  readonly run: LoadRun;
}

/**
 * Has a load made, and tells of it.
 *
 * @returns what happened, in a sentence or two
 */
async function* load(
  request: LoadRequest,
  { baseUrl, signal, run }: LoadOptions,
): AsyncGenerator<LoadResponse["event"], string> {
  const order: LoadOrder = { baseUrl, request: toJson(LoadRequestSchema, request) };
  let sentence = "";
  for await (const told of fireFrom({ main, order, signal })) {
    if (told.kind !== "event") {
      continue;
    }
    const { event } = fromJson(LoadResponseSchema, told.event);
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

/**
 * How long a run waits for the one before, in milliseconds. Who ends a run and begins another is not refused
 * because the end was heard of, or took effect, a moment later.
 */
const patienceMs = 1_000;

/**
 * Lets one run be fired at a time: two would measure each other. Another is told so after a moment, and
 * waits no longer: the one that is fired may take minutes, and a person who is told can end it.
 */
class OneAtATime {
  #running: { readonly what: string; readonly ended: Promise<void> } | undefined;

  /**
   * @param what goes on, such as "a race of A"
   * @param signal its abort ends the wait
   * @returns to be called when the run has ended
   * @throws Failure "overloaded" while another run is fired
   */
  async begin(what: string, signal: AbortSignal): Promise<() => void> {
    const late = sleep(patienceMs, true, { signal, ref: false });
    // Who waits no more does not want to hear of it.
    late.catch(() => {});
    for (let other = this.#running; other !== undefined; other = this.#running) {
      if (await Promise.race([other.ended.then(() => false), late])) {
        throw new Failure("UNBLOCK_RUN_IN_PROGRESS", { other: other.what });
      }
    }
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    this.#running = { what, ended };
    return () => {
      this.#running = undefined;
      resolve();
    };
  }
}
