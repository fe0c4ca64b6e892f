import type { DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { type Exercise, exercises } from "../../registry/exercises.ts";
import type { Backends } from "../backends/backends.ts";
import type { FieldViolation } from "../errors.ts";
import type { Places } from "../places/index.ts";
import type { Ran, TaskCall } from "../places/place.ts";

/** What the exercises are given to work with. */
export interface House {
  readonly places: Places;
  readonly backends: Backends;
}

/** A strategy's answer: the response, and where and how long the work for it ran. */
export interface Answer<Response> extends Ran<Response> {
  /** Facts about this call for the caller, sent as response headers. */
  readonly facts?: Readonly<Record<string, string>>;
}

/** What a strategy knows of the call that it works for. */
export interface Call extends TaskCall {
  /** On the clock of `monotonicMs`, for work that would keep the signal from aborting. Default: none. */
  readonly deadlineMs?: number | undefined;
  /** Two calls with the same key are one: strategies that outlive a call do its work once. */
  readonly idempotencyKey?: string | undefined;
}

/** Does an exercise's work in one way. */
export type RunStrategy<Request, Response> = (
  request: Request,
  call: Call,
) => Promise<Answer<Response>>;

/** How an exercise's calls are answered. */
interface ExerciseHandler<Request, Response> {
  /** The largest request message, in bytes. Default: 64 KiB. */
  readonly maxRequestBytes?: number;
  /** What is wrong with a request; empty when nothing is. */
  validate(request: Request): readonly FieldViolation[];
  /**
   * Has every thread and process of the executors that serve an unmarked call run its task, cheaply. Default:
   * there is nothing to do, since the server's own thread does the work.
   */
  warmUp?(): Promise<unknown>;
  /** One for each strategy that the schema names. */
  readonly strategies: Readonly<Record<string, RunStrategy<Request, Response>>>;
}

/** What the `strategies.ts` of an exercise's folder exports. */
type CreateExercise<Method extends DescMethodUnary = DescMethodUnary> = (
  house: House,
) => ExerciseHandler<MessageShape<Method["input"]>, MessageInitShape<Method["output"]>>;

/** Gives `create` the request and response types of its RPC. */
export function defineExercise<Method extends DescMethodUnary>(
  _method: Method,
  create: CreateExercise<Method>,
): CreateExercise<Method> {
  return create;
}

/** Makes a place's result an exercise's answer. */
export function answer<Value, Response>(
  ran: Ran<Value>,
  toResponse: (value: Value) => Response,
): Answer<Response> {
  return { ...ran, value: toResponse(ran.value) };
}

/** An exercise of the schema with the code that does its work. */
export interface ServedExercise {
  readonly exercise: Exercise;
  readonly handler: ReturnType<CreateExercise>;
}

/**
 * Finds the folder of every exercise in the schema: `GetUser` lives in `get-user/`.
 *
 * @throws Error when a folder and the schema do not name the same strategies
 */
export function loadExercises(house: House): Promise<readonly ServedExercise[]> {
  return Promise.all(
    exercises.map(async (exercise) => {
      const folder = exercise.rpc.replace(/(?<=[a-z])[A-Z]/g, "-$&").toLowerCase();
      const module: { default: CreateExercise } = await import(`./${folder}/strategies.ts`);
      const handler = module.default(house);
      assertSameStrategies(exercise, Object.keys(handler.strategies), folder);
      return { exercise, handler };
    }),
  );
}

function assertSameStrategies({ rpc, allStrategies }: Exercise, built: string[], folder: string) {
  const named = allStrategies.map(({ name }) => name);
  const missing = named.filter((name) => !built.includes(name));
  const unnamed = built.filter((name) => !named.includes(name));
  if (missing.length > 0 || unnamed.length > 0) {
    throw new Error(
      `Expected exercises/${folder}/strategies.ts to have the strategies of ${rpc} in the schema ` +
        `(${named.join(", ")}); missing: ${missing.join(", ") || "none"}, ` +
        `not in the schema: ${unnamed.join(", ") || "none"}`,
    );
  }
}

/** Checks of request fields. Each gives what is wrong, or nothing. */

/** Counted in Unicode code points, as people count characters. */
export function checkText(field: string, text: string, maxCharacters: number): FieldViolation[] {
  const characters = [...text].length;
  return characters >= 1 && characters <= maxCharacters
    ? []
    : violation(field, `to have 1 to ${maxCharacters} characters, got ${characters}`);
}

export function checkRange(
  field: string,
  value: number,
  from: number,
  to: number,
): FieldViolation[] {
  return value >= from && value <= to
    ? []
    : violation(field, `to be from ${from} to ${to}, got ${value}`);
}

export function checkMaxBytes(field: string, text: string, maxBytes: number): FieldViolation[] {
  const bytes = Buffer.byteLength(text);
  return bytes <= maxBytes
    ? []
    : violation(field, `to be at most ${maxBytes} bytes of UTF-8, got ${bytes}`);
}

function violation(field: string, expectation: string): FieldViolation[] {
  return [{ field, description: `Expected ${field} ${expectation}.` }];
}
