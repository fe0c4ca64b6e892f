import type { LastWords } from "../../service/messages.ts";
import { HarnessTrouble, LearnerFault, StarvedLimit } from "../faults.ts";
import { heapMb, memoryMb } from "../limits.ts";

/** How far the service had come. */
export type Stage = "starting" | "importing" | "serving";

/** How a service ended that nobody had asked to. */
export interface End {
  readonly stage: Stage;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lastWords: readonly LastWords[];
  /** The end of what it printed on standard error. */
  readonly stderr: string;
}

/** Whose fault it is that a service ended, and why. */
export function explainEnd({
  stage,
  code,
  signal,
  lastWords,
  stderr,
}: End): LearnerFault | HarnessTrouble {
  const doing = stage === "importing" ? "when it was loaded" : "while it was called";
  const memory = lastWords.find(({ kind }) => kind === "memory");
  if (memory !== undefined) {
    return new LearnerFault(
      `took more than ${memoryMb} MiB of memory ${doing}, the limit, and was ended`,
    );
  }
  if (stderr.includes("JavaScript heap out of memory")) {
    return new LearnerFault(`filled its heap of ${heapMb} MiB ${doing}, the limit, and was ended`);
  }
  if (stage === "starting") {
    return new HarnessTrouble(`the service did not start (${cause(code, signal)}): ${stderr}`);
  }
  const uncaught = lastWords.find((words) => words.kind === "uncaught");
  if (uncaught !== undefined) {
    const { problem, line } = uncaught;
    return stage === "importing" || line !== null
      ? new LearnerFault(`threw what nobody caught, and ended the service: ${problem}`, line)
      : new HarnessTrouble(`the service ended by an error of nobody's: ${problem}`);
  }
  const exit = lastWords.find((words) => words.kind === "exit");
  if (exit !== undefined) {
    return new LearnerFault(`ended the service ${doing}: process.exit(${exit.code})`, exit.line);
  }
  return new LearnerFault(`ended the service ${doing} (${cause(code, signal)})`);
}

/** A reason to have ended a service, with the line where its loop got stuck, if it did. */
export function withPlace(reason: Error, lastWords: readonly LastWords[]): Error {
  const stuck = lastWords.findLast((words) => words.kind === "stuck");
  if (reason instanceof StarvedLimit && stuck !== undefined) {
    return new LearnerFault(reason.limit, stuck.line);
  }
  return reason instanceof LearnerFault && reason.line === undefined && stuck !== undefined
    ? new LearnerFault(reason.message, stuck.line, reason.mistake)
    : reason;
}

function cause(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ?? `exit code ${code}`;
}
