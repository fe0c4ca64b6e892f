import { getOption } from "@bufbuild/protobuf";
import {
  Executor,
  type ExecutorInfo,
  ExecutorSchema,
  executor as executorOption,
} from "./gen/unblock/v1/exercise_pb.ts";

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
