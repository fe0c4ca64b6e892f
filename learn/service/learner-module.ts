import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Call, ServedExercise } from "@unblock/exercises/exercise";
import { monotonicMs } from "@unblock/measure/clock";
import type { Decision } from "../toolbox/handler.ts";
import { ownLine } from "./last-words.ts";

export interface LearnerModule {
  /** Undefined when the file exports none, or one of another shape. */
  readonly decision: Decision | undefined;
  readonly handler: (
    request: MessageShape<DescMessage>,
    signal: AbortSignal,
  ) => MessageInitShape<DescMessage> | Promise<MessageInitShape<DescMessage>>;
  /** Size of libuv's pool that the file asks for; undefined when it does not. */
  readonly libuvThreads: number | undefined;
}

const maxLibuvThreads = 1024;

/**
 * Loads a learner's file.
 *
 * @param url its file: URL
 * @throws Error that names an unexpected export, and whatever the file throws
 */
export async function loadLearnerModule(url: string): Promise<LearnerModule> {
  const exports: Record<string, unknown> = await import(url);
  const { decision, handler, libuvThreads } = exports;
  if (!isHandler(handler)) {
    const names = Object.keys(exports).join(", ") || "nothing";
    throw new Error(`expected it to export a function "handler", it exports ${names}`);
  }
  return {
    decision: isDecision(decision) ? decision : undefined,
    handler,
    libuvThreads: checkedThreads(libuvThreads),
  };
}

// Its parameters and result are covered by the type check.
function isHandler(value: unknown): value is LearnerModule["handler"] {
  return typeof value === "function";
}

function isDecision(value: unknown): value is Decision {
  const { strategy, why }: { strategy?: unknown; why?: unknown } = Object(value);
  return typeof strategy === "string" && typeof why === "string";
}

function checkedThreads(value: unknown): number | undefined {
  const isCount = Number.isInteger(value) && Number(value) >= 1 && Number(value) <= maxLibuvThreads;
  if (value !== undefined && !isCount) {
    throw new Error(
      `expected libuvThreads to be a whole number from 1 to ${maxLibuvThreads}, got ${value}`,
    );
  }
  return value === undefined ? undefined : Number(value);
}

export function withLearner(
  { exercise, handler: { validate } }: ServedExercise,
  { handler }: LearnerModule,
  calls: () => HandlerCalls,
): ServedExercise {
  const run = async (request: MessageShape<DescMessage>, { signal }: Call) => {
    const beganMs = monotonicMs();
    const value = await calls().run(handler, request, signal);
    const ranOn = { executor: "learner", pid: process.pid };
    return { value, ranOn, beganMs, timing: [{ name: "work", ms: monotonicMs() - beganMs }] };
  };
  const strategies = Object.fromEntries(exercise.strategies.map(({ name }) => [name, run]));
  return { exercise, handler: { validate, strategies } };
}

/** An error on one line, and the line of the learner's file where it came from. */
export interface Problem {
  readonly text: string;
  /** From 1; null when its stack does not lead to the file. */
  readonly line: number | null;
}

/** Runs and counts the calls of the learner's handler. */
export class HandlerCalls {
  readonly counts = {
    begun: 0,
    ended: 0,
    /** Calls that succeeded although their signal had aborted. */
    answeredAfterAbort: 0,
    /** Calls that failed after their signal had aborted. */
    failedAfterAbort: 0,
    /** Whether each returned a promise. */
    isAsync: true,
  };
  /** The first error before an abort. */
  problem: Problem | null = null;
  readonly #fileUrl: string;

  constructor(fileUrl: string) {
    this.#fileUrl = fileUrl;
  }

  async run(
    handler: LearnerModule["handler"],
    request: MessageShape<DescMessage>,
    signal: AbortSignal,
  ): Promise<MessageInitShape<DescMessage>> {
    const { counts } = this;
    counts.begun++;
    let isAsync = false;
    try {
      const answer = handler(request, signal);
      isAsync = answer instanceof Promise;
      const value = await answer;
      counts.answeredAfterAbort += signal.aborted ? 1 : 0;
      return value;
    } catch (error) {
      if (signal.aborted) {
        counts.failedAfterAbort++;
      } else {
        this.problem ??= toProblem(error, this.#fileUrl);
      }
      throw error;
    } finally {
      counts.ended++;
      counts.isAsync &&= isAsync;
    }
  }
}

export function toProblem(error: unknown, fileUrl: string): Problem {
  return error instanceof Error
    ? { text: inOneLine(error.message), line: ownLine(error.stack, fileUrl) }
    : { text: inOneLine(String(error)), line: null };
}

// Some messages include lines of code.
function inOneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, " ");
}

const beginning = "A function that your file does not export was handed to the pool";

/** Message for a function that another thread or process can't find. */
export function notExportedMessage(pool: string, name: string): string {
  const which = name === "" ? "an inline function" : `"${name}"`;
  return `${beginning} ${pool}: ${which}`;
}

/** Whether a handler failed because it sent a function to a pool or thread. */
export function isNotExported(problem: string): boolean {
  // The second is Node's message when a function is posted to a Worker.
  return problem.startsWith(beginning) || /could not be cloned/.test(problem);
}
