import type { Diagnosis } from "../../diagnose/diagnosis.ts";
import type { Problem } from "../../service/handler-calls.ts";

/**
 * A function was handed to another thread, which can't have it.
 *
 * @param file the learner's, as people read it
 */
export function notExported(file: string, { text, line }: Problem): Diagnosis {
  return {
    name: "not-exported",
    finding: `The handler failed before any work began. ${text}. A function can't be sent to another thread or process: that thread imports your file, and finds the function by its name.`,
    ...(line === null ? {} : { line: { file, line, what: "handler" } }),
    nextStep:
      "Write the function at the top level of your file with `export`, and hand it what it needs as its input.",
    numbers: {},
  };
}
