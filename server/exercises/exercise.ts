import type { DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
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
export interface ExerciseHandler<Request, Response> {
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
export type CreateExercise<Method extends DescMethodUnary = DescMethodUnary> = (
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
