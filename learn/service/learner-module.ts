import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { monotonicMs } from "../../registry/clock.ts";
import type { Call } from "../../server/exercises/exercise.ts";
import type { ServedExercise } from "../../server/exercises/load.ts";
import type { Decision } from "../handler.ts";
import { ownLine } from "./last-words.ts";

/** What a learner's file exports, as far as the service needs it. */
export interface LearnerModule {
  /** Undefined when the file exports none, or one of another shape. */
  readonly decision: Decision | undefined;
  readonly handler: (
    request: MessageShape<DescMessage>,
    signal: AbortSignal,
  ) => MessageInitShape<DescMessage> | Promise<MessageInitShape<DescMessage>>;
  /** How large the file wants libuv's pool; undefined when it does not say. */
  readonly libuvThreads: number | undefined;
}

/** libuv's pool is never larger. */
const maxLibuvThreads = 1024;

/**
 * Loads a learner's file.
 *
 * @param url its file: URL
 * @throws Error that says what of its exports is not as expected, and whatever the file throws
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

// What a function takes and gives can't be seen from here: the type check has seen it.
function isHandler(value: unknown): value is LearnerModule["handler"] {
  return typeof value === "function";
}

function isDecision(value: unknown): value is Decision {
  return (
    typeof value === "object" &&
    value !== null &&
    "strategy" in value &&
    typeof value.strategy === "string" &&
    "why" in value &&
    typeof value.why === "string"
  );
}

function checkedThreads(value: unknown): number | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (
    typeof value !== "number" ||
    !Number.isInteger(value) ||
    value < 1 ||
    value > maxLibuvThreads
  ) {
    throw new Error(
      `expected libuvThreads to be a whole number from 1 to ${maxLibuvThreads}, got ${value}`,
    );
  }
  return value;
}

/** How a call of the learner's handler ended. */
export interface HandlerEnd {
  /** Whether its signal had aborted by then. */
  readonly aborted: boolean;
  readonly outcome: "answered" | "failed";
  /** Whether it gave a promise. */
  readonly isAsync: boolean;
  /** What it threw; undefined when it did not. */
  readonly error: unknown;
}

/** Told when a call of the learner's handler begins; what it gives back is told how it ended. */
export type OnCall = () => (end: HandlerEnd) => void;

/** Answers an exercise with the learner's handler, whatever strategy a call asks for. */
export function withLearner(
  { exercise, handler: { validate } }: ServedExercise,
  { handler }: LearnerModule,
  onCall: OnCall,
): ServedExercise {
  const run = async (request: MessageShape<DescMessage>, { signal }: Call) => {
    const beganMs = monotonicMs();
    const onEnd = onCall();
    let isAsync = false;
    try {
      const answer = handler(request, signal);
      isAsync = answer instanceof Promise;
      const value: MessageInitShape<DescMessage> = await answer;
      onEnd({ aborted: signal.aborted, outcome: "answered", isAsync, error: undefined });
      const ranOn = { place: "learner", pid: process.pid };
      return { value, ranOn, beganMs, timing: [{ name: "work", ms: monotonicMs() - beganMs }] };
    } catch (error) {
      onEnd({ aborted: signal.aborted, outcome: "failed", isAsync, error });
      throw error;
    }
  };
  const strategies = Object.fromEntries(exercise.strategies.map(({ name }) => [name, run]));
  return { exercise, handler: { validate, strategies } };
}

/** What an error says, in a line, and where in the learner's file it came from. */
export interface Problem {
  readonly text: string;
  /** From 1; null when its stack does not lead there. */
  readonly line: number | null;
}

/** How the calls of the learner's handler went. */
export interface HandlerCounts {
  readonly begun: number;
  readonly ended: number;
  /** Those that answered although their signal had aborted. */
  readonly answeredAfterAbort: number;
  /** Those that failed once their signal had aborted. */
  readonly failedAfterAbort: number;
  /** Whether each gave a promise. */
  readonly isAsync: boolean;
  /** The first error that was not the signal's. */
  readonly problem: Problem | null;
}

/** Counts the calls of the learner's handler. */
export class HandlerCalls {
  readonly #fileUrl: string;
  #begun = 0;
  #ended = 0;
  #answeredAfterAbort = 0;
  #failedAfterAbort = 0;
  #isAsync = true;
  #problem: Problem | null = null;

  constructor(fileUrl: string) {
    this.#fileUrl = fileUrl;
  }

  /** @returns to be told how the call ended */
  begin(): (end: HandlerEnd) => void {
    this.#begun++;
    return (end) => this.#end(end);
  }

  #end({ aborted, outcome, isAsync, error }: HandlerEnd): void {
    this.#ended++;
    this.#isAsync &&= isAsync;
    if (aborted && outcome === "answered") {
      this.#answeredAfterAbort++;
    } else if (aborted) {
      this.#failedAfterAbort++;
    } else if (outcome === "failed") {
      this.#problem ??= toProblem(error, this.#fileUrl);
    }
  }

  counts(): HandlerCounts {
    return {
      begun: this.#begun,
      ended: this.#ended,
      answeredAfterAbort: this.#answeredAfterAbort,
      failedAfterAbort: this.#failedAfterAbort,
      isAsync: this.#isAsync,
      problem: this.#problem,
    };
  }
}

export function toProblem(error: unknown, fileUrl: string): Problem {
  return error instanceof Error
    ? { text: inOneLine(error.message), line: ownLine(error.stack, fileUrl) }
    : { text: inOneLine(String(error)), line: null };
}

// Some draw the code that they are about.
function inOneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, " ");
}

const beginning = "A function that your file does not export was handed to the pool";

/** The message for a function that another thread or process can't find. */
export function notExportedMessage(pool: string, name: string): string {
  const which = name === "" ? "an inline function" : `"${name}"`;
  return `${beginning} ${pool}: ${which}`;
}

/** Whether a handler failed because a function, which can't be sent anywhere, was sent to a pool or thread. */
export function isNotExported(problem: string): boolean {
  // The second is what Node says when a function is posted to a Worker, by hand or by a library.
  return problem.startsWith(beginning) || /could not be cloned/.test(problem);
}
