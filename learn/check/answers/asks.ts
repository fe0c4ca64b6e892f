import type { JsonValue } from "@bufbuild/protobuf";
import type { Exercise } from "../../../registry/exercises.ts";
import { asksTooOften, keptValue, notAsked } from "../mistakes/answers.ts";
import { planOf } from "../plan.ts";
import type { Wrong } from "./judge-replies.ts";

/** How often a backend was asked for calls whose answers are right. */
export interface AskCount {
  readonly exercise: Exercise;
  readonly requests: readonly JsonValue[];
  readonly asks: number;
  /** Whether the backend had answered the same requests before. */
  readonly isRepeated: boolean;
}

/** Was the backend asked as often as the calls need it, neither less nor more? */
export function judgeAsks({ exercise, requests, asks, isRepeated }: AskCount): Wrong | undefined {
  const { backend } = planOf(exercise);
  if (backend === undefined) {
    return undefined;
  }
  const { name, callsEach } = backend;
  const needed = requests.length * callsEach;
  const message = `the ${name} was asked ${asks} times for ${requests.length} calls, which need it ${needed} times`;
  if (asks > needed) {
    return { message, diagnosis: asksTooOften(name, asks, needed) };
  }
  if (asks === needed) {
    return undefined;
  }
  const diagnosis = isRepeated ? keptValue(name, asks, needed) : notAsked(name, asks, needed);
  return { message, diagnosis };
}
