import type { Diagnosis } from "../../diagnose/diagnosis.ts";
import { diagnoseRejections } from "../../diagnose/unhandled-rejection.ts";
import type { Problem } from "../../service/handler-calls.ts";

/** @param file the learner's, as people read it */
export function unhandledRejection(
  file: string,
  [first, ...others]: readonly [Problem, ...Problem[]],
): Diagnosis {
  const line = first.line === null ? undefined : { file, line: first.line, what: "a promise" };
  return diagnoseRejections({ message: first.text, line, count: 1 + others.length });
}
