import { isDeepStrictEqual } from "node:util";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Diagnosis } from "../../diagnose/diagnosis.ts";
import type { Problem } from "../../service/handler-calls.ts";
import { isNotExported } from "../../service/not-exported.ts";
import type { RightFields } from "../plan.ts";
import { notExported } from "./not-exported.ts";

/** A call that failed. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  /** What the handler threw; null when it was not the handler. */
  readonly problem: Problem | null;
}

/** What a call that failed was answered, in a line. */
export function describeFailure(request: JsonValue, { code, message, problem }: Failure): string {
  const reason = problem === null ? message : `the handler threw: ${problem.text}`;
  return `${JSON.stringify(request)} failed as ${code}: ${reason}`;
}

/** @param file the learner's, as people read it */
export function noAnswer(file: string, finding: string, { problem }: Failure): Diagnosis {
  if (problem !== null && isNotExported(problem.text)) {
    return notExported(file, problem);
  }
  const line = problem?.line ?? null;
  return {
    name: "wrong-answer",
    finding: `${finding}.`,
    ...(line === null ? {} : { line: { file, line, what: "handler" } }),
    nextStep: "Have the handler answer this request; if it threw for a reason, look there first.",
    numbers: {},
  };
}

/** @param right the values that each field may have */
export function wrongAnswer(request: JsonValue, got: JsonValue, right: RightFields): Diagnosis {
  const fields = differingFields(got, right);
  return {
    name: "wrong-answer",
    finding: `${JSON.stringify(request)} was answered with ${fields.map(({ text }) => text).join(", ")}.`,
    nextStep: `Take ${fields.map(({ name }) => name).join(" and ")} from what the backend says, as the exercise's README shows it.`,
    numbers: { wrong_fields: fields.length },
  };
}

function differingFields(
  got: JsonValue,
  right: RightFields,
): readonly { readonly name: string; readonly text: string }[] {
  const had = fieldsOf(got);
  return Object.entries(right)
    .filter(([name, values]) => !values.some((value) => isDeepStrictEqual(value, had[name])))
    .map(([name, [value]]) => ({
      name,
      text: `${name} ${JSON.stringify(had[name])} instead of ${JSON.stringify(value)}`,
    }));
}

function fieldsOf(value: JsonValue): Readonly<Record<string, JsonValue>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
