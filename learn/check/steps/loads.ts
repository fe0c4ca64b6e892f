import { HarnessTrouble, type LearnerFault, tampering } from "../faults.ts";
import type { TypeProblem } from "../types.ts";
import type { Unchecked } from "../unchecked-types.ts";
import { fail, inconclusive, type Outcome, pass } from "./outcome.ts";

/**
 * Can the file be loaded, and are its types right?
 *
 * @param file as people read it
 * @param fault why it could not be loaded; undefined when it was
 * @param problems what the compiler says; undefined when it could not be run
 * @param unchecked where the file uses the type any
 */
export function checkLoads(
  file: string,
  fault: LearnerFault | HarnessTrouble | undefined,
  problems: readonly TypeProblem[] | undefined,
  unchecked: readonly Unchecked[],
): Outcome {
  const order = problems?.find(({ isOrder }) => isOrder);
  if (order !== undefined) {
    return failOf(file, tampering(order.text, order.line));
  }
  const [first, ...others] = problems ?? [];
  // The compiler knows the line of what keeps a file from being read at all.
  if (first !== undefined && !(fault instanceof HarnessTrouble)) {
    const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
    return fail(`${file}:${first.line}: ${first.text}${more}`);
  }
  if (fault instanceof HarnessTrouble) {
    return inconclusive(fault.message);
  }
  if (fault !== undefined) {
    return failOf(file, fault);
  }
  return problems === undefined
    ? inconclusive("it loads; whether its types are right could not be told: tsc did not run")
    : pass(`it loads, and its types are right${describeAny(unchecked)}`);
}

/** What the compiler can't see is said, though it is no mistake. */
function describeAny([first]: readonly Unchecked[]): string {
  return first === undefined
    ? ""
    : `, as far as they are known: line ${first.line} says any, and what has that type goes unchecked`;
}

/** What a learner's file did, in a line that an editor can open. */
function describeFault(file: string, { line, message }: LearnerFault): string {
  return `${file}${line === undefined ? "" : `:${line}`} ${message}`;
}

/** What comes of a step that a learner's file ended. */
export function failOf(file: string, fault: LearnerFault): Outcome {
  const { line, mistake } = fault;
  const message = describeFault(file, fault);
  return mistake === undefined
    ? fail(message)
    : fail(message, {
        ...mistake,
        finding: `${message}.`,
        ...(line === undefined ? {} : { line: { file, line, what: "your code" } }),
        numbers: {},
      });
}
