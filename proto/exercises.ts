import { type DescMethod, type DescMethodUnary, getOption } from "@bufbuild/protobuf";
import {
  Executor,
  type ExecutorInfo,
  ExecutorSchema,
  type ExpectedRange as ExpectedMessage,
  executor as executorOption,
  exercise as exerciseOption,
  type Strategy,
  Suitability,
} from "./gen/unblock/v1/exercise_pb.ts";
import { ExercisesService } from "./gen/unblock/v1/exercises_pb.ts";

/** Wall time that the specification expects of a burst. */
export type ExpectedRange = { fromMs: number; toMs: number } | { timesIdeal: number };

/** An RPC of ExercisesService with its option, nothing left optional. */
export interface Exercise {
  /** "A" to "H". */
  readonly letter: string;
  readonly title: string;
  /** The RPC's name in the schema, such as "GetUser". */
  readonly rpc: string;
  readonly method: DescMethodUnary;
  /** Strategies of every server, which work with the embedded backends. */
  readonly strategies: readonly Strategy[];
  /** Also the strategies that need an external backend, in the schema's order. */
  readonly allStrategies: readonly Strategy[];
  /** Strategy of a call that names none. */
  readonly recommended: string;
  readonly burst: {
    readonly calls: number;
    readonly expected: ExpectedRange;
    /** Request of the burst's call `n` (from 1), as protobuf JSON. */
    readonly requestJson: (n: number) => string;
  };
  readonly work: {
    readonly waitMs: number;
    /** Whether a call also costs about 100 ms of CPU. */
    readonly cpu: boolean;
    /** Whether the response is sent before the work is done. */
    readonly afterResponse: boolean;
  };
}

export const exercises: readonly Exercise[] = ExercisesService.methods
  .map(readExercise)
  .sort((a, b) => a.letter.localeCompare(b.letter));

/** Finds an exercise by letter ("a" or "A") or RPC name ("GetUser"). */
export function findExercise(letterOrRpc: string): Exercise | undefined {
  return exercises.find(
    ({ letter, rpc }) => letter === letterOrRpc.toUpperCase() || rpc === letterOrRpc,
  );
}

/** Returns the exercise with a letter. @throws Error when the schema has none */
export function exerciseOf(letter: string): Exercise {
  const exercise = findExercise(letter);
  if (!exercise) {
    throw new Error(`Expected the schema to have an exercise ${letter}`);
  }
  return exercise;
}

/** Whether a strategy is recommended or works, if at a price. */
export function isRight({ allStrategies }: Exercise, strategy: string): boolean {
  const suitability = allStrategies.find(({ name }) => name === strategy)?.suitability;
  return suitability === Suitability.RECOMMENDED || suitability === Suitability.WORKS;
}

function readExercise(method: DescMethod): Exercise {
  const option = getOption(method, exerciseOption);
  const { letter, title, strategies: allStrategies, burst, work } = option;
  const strategies = allStrategies.filter(({ needs }) => needs === "");
  const recommended = strategies.find(({ suitability }) => suitability === Suitability.RECOMMENDED);
  if (method.methodKind !== "unary" || !burst || !work || !recommended) {
    throw new Error(
      `Expected ${method.name} to be unary, with burst, work and a recommended strategy that needs nothing in its option`,
    );
  }
  return {
    letter,
    title,
    rpc: method.name,
    method: { ...method, methodKind: "unary" },
    strategies,
    allStrategies,
    recommended: recommended.name,
    burst: {
      calls: burst.calls,
      expected: readExpected(method.name, burst.expected?.kind),
      requestJson: (n) => burst.requestJson.replaceAll("{n}", String(n)),
    },
    work: { waitMs: work.waitMs, cpu: work.cpu, afterResponse: work.afterResponse },
  };
}

function readExpected(rpc: string, kind: ExpectedMessage["kind"] | undefined): ExpectedRange {
  switch (kind?.case) {
    case "milliseconds":
      return { fromMs: kind.value.from, toMs: kind.value.to };
    case "timesIdeal":
      return { timesIdeal: kind.value };
    default:
      throw new Error(`Expected ${rpc} to have an expected range in its option`);
  }
}

type Kebab<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${Lowercase<First>}-${Kebab<Rest>}`
  : Lowercase<Name>;

/** Name of an executor, such as "cpu-pool". */
export type ExecutorName = Kebab<Exclude<keyof typeof Executor, "UNSPECIFIED">>;

/** Executors of the schema by name, in the order in which they are shown. */
export const executors: ReadonlyMap<string, ExecutorInfo> = new Map(
  ExecutorSchema.values
    .filter(({ number }) => number !== Executor.UNSPECIFIED)
    .map((value) => [
      value.localName.toLowerCase().replaceAll("_", "-"),
      getOption(value, executorOption),
    ]),
);

/** What each strategy's name means, for any work. */
export const strategyMeanings: Readonly<Record<string, string>> = {
  "event-loop": "a synchronous call, on the event loop",
  libuv: "an asynchronous function of Node's that uses libuv's pool",
  "blocking-pool": "worker threads for calls that block, sized for waiting",
  "cpu-pool": "worker threads for computing, one per core",
  processes: "a process of its own",
  background: "after the response, in the same process",
  queue: "a job that others take; the caller asks for its result later",
  async: "on the event loop, which waits for a socket",
  await: "before the response, which waits for it",
  sequential: "one after another, each awaited before the next starts",
  parallel: "all at once, awaited together",
};
