import { isDeepStrictEqual } from "node:util";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Exercise } from "../../../registry/exercises.ts";
import type { Diagnosis } from "../../diagnose/diagnosis.ts";
import type { Problem } from "../../service/learner-module.ts";
import { burstDeadlineMs } from "../faults.ts";
import {
  asksTooOften,
  describeFailure,
  failsBesideOthers,
  hidesFailure,
  inOrderOfArrival,
  keptValue,
  mixedUp,
  noAnswer,
  notAsked,
  notFromBackend,
  staleValue,
  wrongAnswer,
} from "../mistakes/answers.ts";
import { fieldOf, type Known, planOf, type RightFields } from "../plan.ts";
import type { Reply } from "../session.ts";

/** Calls that were made at once, or one alone, and what is known of them. */
export interface Answered {
  readonly exercise: Exercise;
  /** The learner's file, as people read it. */
  readonly file: string;
  readonly requests: readonly JsonValue[];
  readonly replies: readonly Reply[];
  readonly known: Known;
  /** What the handler threw first; null when nothing. */
  readonly problem: Problem | null;
  /** What was answered to each earlier call: the values of its fields. */
  readonly past: Past;
}

/** The values of responses that were right when they came. */
export type Past = readonly (readonly JsonValue[])[];

/** What is wrong with answers. */
export interface Wrong {
  /** In a line. */
  readonly message: string;
  readonly diagnosis: Diagnosis;
  /** Whether only a clock says so, which a busy machine may have let run out. */
  readonly isLate?: boolean;
}

/** Judges each response, code and body, by its own request. @returns undefined when all are right */
export function judgeReplies(answered: Answered): Wrong | undefined {
  const { requests } = answered;
  for (const index of requests.keys()) {
    const wrong = failureOf(answered, index) ?? wrongFieldOf(answered, index);
    if (wrong !== undefined) {
      return wrong;
    }
  }
  return sharedValue(answered);
}

function failureOf(
  { file, requests, replies, problem }: Answered,
  index: number,
): Wrong | undefined {
  const reply = replies[index];
  const request = requests[index] ?? null;
  if (reply === undefined || reply.code === "ok") {
    return undefined;
  }
  const failure = { ...reply, problem };
  const message = describeFailure(request, failure);
  if (requests.length === 1) {
    return { message, diagnosis: noAnswer(file, message, failure) };
  }
  const failed = replies.filter(({ code }) => code !== "ok");
  return {
    message,
    diagnosis: failsBesideOthers(file, message, failed.length, requests.length, problem),
    // Who fails with that code earlier has it from somebody else.
    isLate: failed.every(
      ({ code, ms = 0 }) => code === "deadline_exceeded" && ms >= burstDeadlineMs,
    ),
  };
}

function wrongFieldOf(answered: Answered, index: number): Wrong | undefined {
  const { exercise, requests, replies, known } = answered;
  const body = replies[index]?.body ?? null;
  const request = requests[index] ?? null;
  const right = planOf(exercise).rightFields(request, known);
  const field = Object.keys(right).find((name) => !isAmong(fieldOf(body, name), right[name] ?? []));
  if (field === undefined) {
    return undefined;
  }
  const got = fieldOf(body, field);
  const asked = JSON.stringify(request);
  const message = `${asked} got ${JSON.stringify(body)}`;
  const said = { request, field, got };
  // What several calls may have by chance says whose it is only with the rest.
  const telling = fewValues.has(field) ? Object.keys(right).filter(isOfBackend) : [field];
  const other = requests.find((_, one) => {
    const rightOfOther = rightFieldsOf(answered, one);
    const isOthers = (name: string) => isAmong(fieldOf(body, name), rightOfOther[name] ?? []);
    return one !== index && telling.every(isOthers);
  });
  if (other !== undefined) {
    return { message, diagnosis: mixedUp(said, other) };
  }
  if (fieldOf(body, "hit") === true && right.hit?.includes(false)) {
    return { message, diagnosis: hidesFailure("the cache has nothing for it", request, body) };
  }
  if (isOfAnotherField(got, field, right)) {
    const all = Object.keys(right).map((name) => fieldOf(body, name));
    const wasAsked = (right[field] ?? []).length > 0;
    const isPermuted = wasAsked && new Set(all).size === all.length;
    return {
      message,
      diagnosis: isPermuted ? inOrderOfArrival(said) : wrongAnswer(request, body, right),
    };
  }
  const { backend, distinct } = planOf(exercise);
  // Of fields that belong together one alone may be the same by chance.
  const together = distinct === undefined ? Object.keys(right).filter(isOfBackend) : [field];
  const values = together.map((name) => fieldOf(body, name));
  const isPast = (one: readonly JsonValue[]) => values.every((value) => isAmong(value, one));
  if (isOfBackend(field) && isLikely(got) && answered.past.some(isPast)) {
    return { message, diagnosis: staleValue(said) };
  }
  const expected = right[field] ?? [];
  if (backend !== undefined && isOfBackend(field) && isLikely(got)) {
    return { message, diagnosis: notFromBackend(said, backend.name, expected.length > 0) };
  }
  return { message, diagnosis: wrongAnswer(request, body, right) };
}

/** Calls that have the same value where each should have one of its own. */
function sharedValue(answered: Answered): Wrong | undefined {
  const { exercise, requests, replies, known } = answered;
  const { distinct = [], backend } = planOf(exercise);
  for (const field of distinct) {
    const values = replies.map(({ body }) => fieldOf(body, field));
    const index = values.findIndex((value, at) => values.indexOf(value) < at);
    const got = values[index];
    if (got !== undefined) {
      const request = requests[index] ?? null;
      const message = `two calls were both answered with ${field} ${JSON.stringify(got)}`;
      const needed = requests.length * (backend?.callsEach ?? 0);
      const said = { request, field, got };
      const isKept = known.asked.length < needed;
      return { message, diagnosis: isKept ? staleValue(said) : mixedUp(said, request) };
    }
  }
  return undefined;
}

function rightFieldsOf({ exercise, requests, known }: Answered, index: number): RightFields {
  return planOf(exercise).rightFields(requests[index] ?? null, known);
}

/** Whether a value is what another field should have, as when results are taken in the order of their coming. */
function isOfAnotherField(got: JsonValue, field: string, right: RightFields): boolean {
  return Object.entries(right).some(
    ([name, values]) => name !== field && isOfBackend(name) && isAmong(got, values),
  );
}

function isAmong(value: JsonValue, values: readonly JsonValue[]): boolean {
  return values.some((one) => isDeepStrictEqual(one, value));
}

/** Fields that repeat what the request says. */
const echoes: ReadonlySet<string> = new Set(["user_id", "city", "key", "hit", "algorithm"]);

/** Fields that have one of a few values. */
const fewValues: ReadonlySet<string> = new Set(["prediction", "conditions"]);

function isOfBackend(field: string): boolean {
  return !echoes.has(field);
}

/** Whether it is a value that somebody meant as an answer. */
function isLikely(value: JsonValue): boolean {
  return value !== "" && value !== null;
}

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
