import type { Diagnosis, DiagnosisName } from "@unblock/diagnose/diagnosis";
import type { LastWords } from "../service/last-words.ts";

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

/** Behaviour of the learner's file that ends its check. The message continues after the file's name. */
export class LearnerFault extends Error {
  override readonly name = "LearnerFault";
  /** From 1; undefined when unknown. */
  readonly line: number | undefined;
  readonly mistake: Pick<Diagnosis, "name" | "nextStep">;

  constructor(message: string, mistake: LearnerFault["mistake"], line?: number | null) {
    super(message);
    this.mistake = mistake;
    this.line = line ?? undefined;
  }
}

function faultOf(name: DiagnosisName, nextStep: string) {
  return (message: string, line?: number | null) =>
    new LearnerFault(message, { name, nextStep }, line);
}

/** Fault of code that can't be imported. */
export const notLoaded = faultOf(
  "does-not-load",
  "Let the file only import, define and export; what takes time belongs in functions.",
);

/** Fault of code that exceeds a limit of memory, output or processes. */
export const tookTooMuch = faultOf(
  "takes-too-much",
  "Bound what your code collects, prints and starts; what one call needs ends when the call ends.",
);

/** Fault of code that a caller, or the end of the service, awaits in vain. */
export const neverAnswered = faultOf(
  "never-answers",
  "Look for a loop without an end, or a promise that nothing settles: an event that never comes, a callback that is not called after an error.",
);

/** Fault of code that manipulates the check. */
export const tampering = faultOf(
  "tampers-with-the-check",
  "Answer the calls with the toolbox, the pools, Node's modules and packages, and leave what the check works with as it is.",
);

const threwUncaught = faultOf(
  "ends-the-service",
  "Catch it where it can be handled: await each promise, and listen for 'error' on each worker, process, socket or stream of your own.",
);
const endedService = faultOf(
  "ends-the-service",
  "Throw instead, and only this call fails: the end of a process ends all its other calls, too.",
);

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
    return tookTooMuch(
      `took more than ${memoryMb} MiB of memory ${doing}, the limit, and was ended`,
    );
  }
  if (stderr.includes("JavaScript heap out of memory")) {
    return tookTooMuch(`filled its heap of ${heapMb} MiB ${doing}, the limit, and was ended`);
  }
  if (stage === "starting") {
    return new HarnessTrouble(`the service did not start (${cause}): ${stderr}`);
  }
  const uncaught = lastWords.find((words) => words.kind === "uncaught");
  if (uncaught !== undefined) {
    const { problem, line } = uncaught;
    const message = `threw what nobody caught, and ended the service: ${problem}`;
    return stage === "importing" || line !== null
      ? threwUncaught(message, line)
      : new HarnessTrouble(`the service ended by an error outside of your file: ${problem}`);
  }
  const exit = lastWords.find((words) => words.kind === "exit");
  const how = exit === undefined ? ` (${cause})` : `: process.exit(${exit.code})`;
  return endedService(`ended the service ${doing}${how}`, exit?.line);
}

/** Adds the line where the loop was stuck, if it was, to the reason for ending a service. */
export function withStuckLine(reason: Error, lastWords: readonly LastWords[]): Error {
  const stuck = lastWords.findLast((words) => words.kind === "stuck");
  if (stuck === undefined) {
    return reason;
  }
  if (reason instanceof StarvedLimit) {
    return neverAnswered(reason.limit, stuck.line);
  }
  return reason instanceof LearnerFault && reason.line === undefined
    ? new LearnerFault(reason.message, reason.mistake, stuck.line)
    : reason;
}
