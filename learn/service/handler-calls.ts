import type { HandlerEnd } from "./learner-exercise.ts";
import { ownLine } from "./own-line.ts";

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
