import { availableParallelism } from "node:os";
import { create } from "@bufbuild/protobuf";
import {
  type LoadRequest,
  type LoadResponse,
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
import { Failure } from "../errors.ts";
import { KeptRuns } from "./kept-runs.ts";
import { load } from "./load.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import { race } from "./race.ts";

export interface LabConfig {
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
