import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Backends } from "@unblock/backends/backends";
import { checkField, type FieldViolation } from "@unblock/errors/failure";
import type { Executors } from "@unblock/executors";
import type { Executor, Ran, Task, TaskCall } from "@unblock/executors/executor";
import { type Exercise, exercises } from "@unblock/proto/exercises";

/** An exercise's name in paths, such as "get-user". */
export function folderName({ rpc }: Exercise): string {
  return rpc.replace(/(?<=[a-z])[A-Z]/g, "-$&").toLowerCase();
}

/** Absolute path of a file of the exercise's folder, such as "README.md". */
export function exerciseFile(exercise: Exercise, name: string): string {
  return fileURLToPath(new URL(`./${folderName(exercise)}/${name}`, import.meta.url));
}

/** Absolute paths of an exercise's answers of a kind, sorted. */
export function answersOf(exercise: Exercise, kind: "solutions" | "right" | "wrong"): string[] {
  const folder = exerciseFile(exercise, kind);
  return readdirSync(folder)
    .toSorted()
    .map((name) => `${folder}/${name}`);
}

/** What the exercises work with. */
export interface Resources {
  readonly executors: Executors;
  readonly backends: Backends;
}

/** A strategy's result: the response, with where and how long its work ran. */
export interface StrategyResult<Response> extends Ran<Response> {
  /** Facts about this call, sent as response headers. */
  readonly facts?: Readonly<Record<string, string>>;
}

/** What a strategy knows about its call. */
export interface Call extends TaskCall {
  /**
   * On the clock of `monotonicMs`, for work that prevents the signal from aborting. Default: none.
   */
  readonly deadlineMs?: number | undefined;
  /** Calls with the same key are one: strategies that outlive a call do its work once. */
  readonly idempotencyKey?: string | undefined;
}

export type RunStrategy<Request, Response> = (
  request: Request,
  call: Call,
) => Promise<StrategyResult<Response>>;

interface ExerciseHandler<Request, Response> {
  /** Max size of a request message, in bytes. Default: 64 KiB. */
  readonly maxRequestBytes?: number;
  /** @returns what is wrong with a request; empty when it is valid */
  validate(request: Request): readonly FieldViolation[];
  /**
   * Makes every thread and process of the executors that serve calls without a strategy run its
   * task once, cheaply. Default: nothing, for work on the server's own thread.
   */
  warmUp?(): Promise<unknown>;
  /** One for each strategy in the schema. */
  readonly strategies: Readonly<Record<string, RunStrategy<Request, Response>>>;
}

/** Default export of an exercise's `strategies.ts`. */
type CreateExercise<Method extends DescMethodUnary = DescMethodUnary> = (
  resources: Resources,
) => ExerciseHandler<MessageShape<Method["input"]>, MessageInitShape<Method["output"]>>;

/** Gives `create` the request and response types of its RPC. */
export function defineExercise<Method extends DescMethodUnary>(
  _method: Method,
  create: CreateExercise<Method>,
): CreateExercise<Method> {
  return create;
}

/** A strategy that runs one task in an executor. */
export function runIn<Context, Input, Value, Request, Response>(
  executor: Pick<Executor<Context>, "run">,
  task: Task<Input, Value, Context>,
  toInput: (request: Request, call: Call) => Input,
  toResponse: (value: Value, request: Request) => Response,
): RunStrategy<Request, Response> {
  return async (request, call) => {
    const ran = await executor.run(task, toInput(request, call), call);
    return { ...ran, value: toResponse(ran.value, request) };
  };
}

/** An exercise of the schema with the code that does its work. */
export interface ServedExercise {
  readonly exercise: Exercise;
  readonly handler: ReturnType<CreateExercise>;
}

/**
 * Loads the folder of every exercise in the schema: that of `GetUser` is `get-user/`.
 *
 * @throws Error when a folder and the schema have different strategies
 */
export function loadExercises(resources: Resources): Promise<readonly ServedExercise[]> {
  return Promise.all(
    exercises.map(async (exercise) => {
      const file = exerciseFile(exercise, "strategies.ts");
      const module: { default: CreateExercise } = await import(file);
      const handler = module.default(resources);
      assertSameStrategies(exercise, Object.keys(handler.strategies), file);
      return { exercise, handler };
    }),
  );
}

function assertSameStrategies({ rpc, allStrategies }: Exercise, built: string[], file: string) {
  const named = allStrategies.map(({ name }) => name);
  const missing = named.filter((name) => !built.includes(name));
  const unnamed = built.filter((name) => !named.includes(name));
  if (missing.length > 0 || unnamed.length > 0) {
    throw new Error(
      `Expected ${file} to have the strategies of ${rpc} in the schema ` +
        `(${named.join(", ")}); missing: ${missing.join(", ") || "none"}, ` +
        `not in the schema: ${unnamed.join(", ") || "none"}`,
    );
  }
}

// Checks of request fields; each returns what is wrong, or nothing.

/** Counts Unicode code points. */
export function checkText(field: string, text: string, maxCharacters: number): FieldViolation[] {
  const characters = [...text].length;
  const isValid = characters >= 1 && characters <= maxCharacters;
  return checkField(field, isValid, `to have 1 to ${maxCharacters} characters, got ${characters}`);
}

export function checkRange(
  field: string,
  value: number,
  from: number,
  to: number,
): FieldViolation[] {
  const isValid = value >= from && value <= to;
  return checkField(field, isValid, `to be from ${from} to ${to}, got ${value}`);
}

export function checkMaxBytes(field: string, text: string, maxBytes: number): FieldViolation[] {
  const bytes = Buffer.byteLength(text);
  const expected = `to be at most ${maxBytes} bytes of UTF-8, got ${bytes}`;
  return checkField(field, bytes <= maxBytes, expected);
}
