import type { DiagnosisName } from "@unblock/diagnose/diagnosis";
import type { LastWords } from "../service/channel.ts";

/** Time limits of the check and of the learner's file, in milliseconds. */

/** Start of backends, threads and processes. */
export const openMs = 60_000;
/** Import of the learner's file, which only has to define and export. */
export const importMs = 10_000;
/** One call, whose work takes a few hundred milliseconds. */
export const callMs = 10_000;
/** Deadline of the calls of a burst. */
export const burstDeadlineMs = 20_000;
/** A whole burst, even one call after another on a busy machine. */
export const burstMs = 30_000;
/** A request of the check to the service. */
export const askMs = 10_000;
/** Forced end of all that the service started. */
export const endMs = 20_000;
/** From SIGTERM to the end of the process. */
export const stopMs = 15_000;

/** V8's heap of each thread, in MiB. */
export const heapMb = 256;
/** The whole process, in MiB; sixteen threads and more take some 500. */
export const memoryMb = 1_536;
/** The service and its descendants, in MiB. */
export const maxTreeMb = 4_096;
/** Output of the service. */
export const outputBytes = 1_000_000;
/** The service and its descendants at once; about ten of them are the service's own. */
export const maxProcesses = 200;

/** A mistake with a name. */
export interface NamedMistake {
  readonly name: DiagnosisName;
  /** One sentence. */
  readonly nextStep: string;
}

/** Behaviour of the learner's file that ends its check. The message continues after the file's name. */
export class LearnerFault extends Error {
  override readonly name = "LearnerFault";
  /** From 1; undefined when unknown. */
  readonly line: number | undefined;
  /** Undefined when the message says it all. */
  readonly mistake: NamedMistake | undefined;

  constructor(message: string, line?: number | null, mistake?: NamedMistake) {
    super(message);
    this.line = line ?? undefined;
    this.mistake = mistake;
  }
}

/** A failure of the check itself, after which it can give no verdict. */
export class HarnessTrouble extends Error {
  override readonly name: string = "HarnessTrouble";
}

/** A limit that passed while the process had no core: it says nothing unless the loop is known to be stuck. */
export class StarvedLimit extends HarnessTrouble {
  /** The message for the file if the loop is stuck. */
  readonly limit: string;

  constructor(limit: string) {
    super(`${limit}; but others had the cores nearly all of that time`);
    this.limit = limit;
  }
}

/** Fault of code that manipulates the check. */
export function tampering(message: string, line?: number | null): LearnerFault {
  return new LearnerFault(message, line, {
    name: "tampers-with-the-check",
    nextStep:
      "Answer the calls with the toolbox, the pools, Node's modules and packages, and leave what the check works with as it is.",
  });
}

/** How far the service had come. */
export type Stage = "starting" | "importing" | "serving";

/** How a service ended by itself. */
export interface End {
  readonly stage: Stage;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lastWords: readonly LastWords[];
  /** The last output on standard error. */
  readonly stderr: string;
}

/** Explains why a service ended: by the learner's file, or by trouble of the check. */
export function explainEnd({
  stage,
  code,
  signal,
  lastWords,
  stderr,
}: End): LearnerFault | HarnessTrouble {
  const doing = stage === "importing" ? "when it was loaded" : "while it was called";
  const cause = signal ?? `exit code ${code}`;
  if (lastWords.some(({ kind }) => kind === "memory")) {
    return new LearnerFault(
      `took more than ${memoryMb} MiB of memory ${doing}, the limit, and was ended`,
    );
  }
  if (stderr.includes("JavaScript heap out of memory")) {
    return new LearnerFault(`filled its heap of ${heapMb} MiB ${doing}, the limit, and was ended`);
  }
  if (stage === "starting") {
    return new HarnessTrouble(`the service did not start (${cause}): ${stderr}`);
  }
  const uncaught = lastWords.find((words) => words.kind === "uncaught");
  if (uncaught !== undefined) {
    const { problem, line } = uncaught;
    return stage === "importing" || line !== null
      ? new LearnerFault(`threw what nobody caught, and ended the service: ${problem}`, line)
      : new HarnessTrouble(`the service ended by an error outside of your file: ${problem}`);
  }
  const exit = lastWords.find((words) => words.kind === "exit");
  return exit === undefined
    ? new LearnerFault(`ended the service ${doing} (${cause})`)
    : new LearnerFault(`ended the service ${doing}: process.exit(${exit.code})`, exit.line);
}

/** Adds the line where the loop was stuck, if it was, to the reason for ending a service. */
export function withStuckLine(reason: Error, lastWords: readonly LastWords[]): Error {
  const stuck = lastWords.findLast((words) => words.kind === "stuck");
  if (stuck === undefined) {
    return reason;
  }
  if (reason instanceof StarvedLimit) {
    return new LearnerFault(reason.limit, stuck.line);
  }
  return reason instanceof LearnerFault && reason.line === undefined
    ? new LearnerFault(reason.message, stuck.line, reason.mistake)
    : reason;
}
