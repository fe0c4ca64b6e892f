import type { DiagnosisName } from "../diagnose/diagnosis.ts";
import type { LastWords } from "../service/channel.ts";

/** A mistake that has a name. */
export interface NamedMistake {
  readonly name: DiagnosisName;
  /** One next step: a sentence. */
  readonly nextStep: string;
}

/** What the learner's file did that ends its check. The message goes on after the file's name. */
export class LearnerFault extends Error {
  /** In the file, from 1; undefined when nothing points to one. */
  readonly line: number | undefined;
  /** Undefined when the message says it all. */
  readonly mistake: NamedMistake | undefined;

  constructor(message: string, line?: number | null, mistake?: NamedMistake) {
    super(message);
    this.name = "LearnerFault";
    this.line = line ?? undefined;
    this.mistake = mistake;
  }
}

/** Something that is no mistake of the learner's, and lets nothing be told. */
export class HarnessTrouble extends Error {
  override readonly name = "HarnessTrouble";
}

/** A limit that passed while others had the cores: it tells nothing, unless the loop is known to be stuck. */
export class StarvedLimit extends HarnessTrouble {
  /** What the file is told when it is. */
  readonly limit: string;

  constructor(limit: string) {
    super(`${limit}; but others had the cores nearly all of that time`);
    this.limit = limit;
  }
}

/** Code that reaches into the check instead of answering calls. */
export function tampering(message: string, line?: number | null): LearnerFault {
  return new LearnerFault(message, line, {
    name: "tampers-with-the-check",
    nextStep:
      "Answer the calls with the toolbox, the pools, Node's modules and packages, and leave what the check works with as it is.",
  });
}

/** What a learner's file may take before it is ended, and what the check itself may. Times in ms. */

/** Backends, threads and processes start: ours, so longer is the machine's affair. */
export const openMs = 60_000;
/** To load the file: it exports, and does no work. */
export const importMs = 10_000;
/** One call, whose work takes a few hundred ms at most. */
export const callMs = 10_000;
/** Calls of a burst have this deadline: who has not answered then, does not. */
export const burstDeadlineMs = 20_000;
/** All calls of a burst, also one after another on a busy machine. */
export const burstMs = 30_000;
/** What the service itself tells of what it saw. */
export const askMs = 10_000;
/** To end all that the service started, at once. */
export const endMs = 20_000;
/** From SIGTERM to the end of the process. */
export const stopMs = 15_000;

/** V8's heap of each thread, in MiB. */
export const heapMb = 256;
/** The whole process, in MiB: sixteen threads and more take some 500. */
export const memoryMb = 1_536;
/** The service with all that it started, in MiB. */
export const mostTreeMb = 4_096;
/** What is printed, in bytes. */
export const outputBytes = 1_000_000;
/** The service, what it started, and what that started, at once; some ten of them are the service's own. */
export const mostProcesses = 200;

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
