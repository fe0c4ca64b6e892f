import { availableParallelism } from "node:os";
import { create } from "@bufbuild/protobuf";
import {
  type BurstRun,
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
import { Failure } from "../errors.ts";
import { KeptRuns } from "./kept-runs.ts";
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
  readonly #tasksAloneMs = new Map<string, number>();
  readonly #closing = new AbortController();

  constructor(config: LabConfig) {
    this.#config = config;
    this.kept = new KeptRuns(config.runsFolder, config.log);
  }

  async *race(request: RaceRequest, caller: AbortSignal): AsyncGenerator<RaceResponse["event"]> {
    const { exercise, strategies } = request;
    const signal = AbortSignal.any([caller, this.#closing.signal]);
    const end = await this.#oneAtATime.begin(`a race of ${exercise}`, signal);
    const beganAt = new Date().toISOString();
    const bursts: BurstRun[] = [];
    let sentence: string;
    try {
      sentence = yield* race(request, {
        baseUrl: this.#config.baseUrl(),
        seats: this.#config.seats(),
        tasksAloneMs: this.#tasksAloneMs,
        signal,
        bursts,
      });
    } finally {
      end();
    }
    const summary = create(RunSummarySchema, { exercise, strategies, sentence, beganAt });
    const value = create(RaceRunSchema, { request, bursts });
    yield { case: "kept", value: await this.#keep(summary, { case: "race", value }) };
  }

  /** Ends what is fired: nobody waits a minute for a server to stop. */
  close(): void {
    this.#closing.abort(new Failure("unavailable", "The server is shutting down."));
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
