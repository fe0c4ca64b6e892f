import { isDeepStrictEqual } from "node:util";
import type { JsonValue } from "@bufbuild/protobuf";
import { fieldOf, type Known, planOf, type RightFields } from "@unblock/exercises/check-plan";
import type { Exercise } from "@unblock/proto/exercises";
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
import { fail, type Outcome } from "../result.ts";
import type { Reply } from "../session.ts";

/** A single call, or the calls of a burst, and what is known of them. */
export interface Answered {
  readonly exercise: Exercise;
  /** The learner's file, as shown to people. */
  readonly file: string;
  readonly requests: readonly JsonValue[];
  readonly replies: readonly Reply[];
  readonly known: Known;
  /** The first error of the handler; null when there was none. */
  readonly problem: Problem | null;
  /** Values of the fields of earlier responses, which were right then. */
  readonly past: readonly (readonly JsonValue[])[];
}

/** Fields that repeat what the request says. */
const echoes: ReadonlySet<string> = new Set(["user_id", "city", "key", "hit", "algorithm"]);
/** Fields with few possible values. */
const fewValues: ReadonlySet<string> = new Set(["prediction", "conditions"]);

/** Judges each response, code and body, by its own request. @returns undefined when all are right */
export function judgeReplies(answered: Answered): Outcome | undefined {
  for (const index of answered.requests.keys()) {
    const wrong = failureOf(answered, index) ?? wrongFieldOf(answered, index);
    if (wrong !== undefined) {
      return wrong;
    }
  }
  return sharedValue(answered);
}

/**
 * Was the backend asked as often as the calls need it, neither less nor more?
 *
 * @param isRepeated whether the backend had answered the same requests before
 */
export function judgeAsks(
  exercise: Exercise,
  calls: number,
  asks: number,
  isRepeated: boolean,
): Outcome | undefined {
  const { backend } = planOf(exercise);
  const needed = calls * (backend?.callsEach ?? 0);
  if (backend === undefined || asks === needed) {
    return undefined;
  }
  const { name } = backend;
  const tooFew = isRepeated ? keptValue : notAsked;
  return fail(
    `the ${name} was asked ${asks} times for ${calls} calls, which need it ${needed} times`,
    (asks > needed ? asksTooOften : tooFew)(name, asks, needed),
  );
}

function failureOf(
  { file, requests, replies, problem }: Answered,
  index: number,
): Outcome | undefined {
  const reply = replies[index];
  if (reply === undefined || reply.code === "ok") {
    return undefined;
  }
  const failure = { ...reply, problem };
  const message = describeFailure(requests[index] ?? null, failure);
  if (requests.length === 1) {
    return fail(message, noAnswer(file, message, failure));
  }
  const failed = replies.filter(({ code }) => code !== "ok");
  return {
    ...fail(message, failsBesideOthers(file, message, failed.length, requests.length, problem)),
    // Before its deadline a call has that code from somebody else.
    isLate: failed.every(
      ({ code, ms = 0 }) => code === "deadline_exceeded" && ms >= burstDeadlineMs,
    ),
  };
}

function wrongFieldOf(answered: Answered, index: number): Outcome | undefined {
  const { exercise, requests, replies, known, past } = answered;
  const { rightFields, backend, distinct } = planOf(exercise);
  const body = replies[index]?.body ?? null;
  const request = requests[index] ?? null;
  const right = rightFields(request, known);
  const field = Object.keys(right).find((name) => !isAmong(fieldOf(body, name), right[name] ?? []));
  if (field === undefined) {
    return undefined;
  }
  const got = fieldOf(body, field);
  const expected = right[field] ?? [];
  const wrong = { request, field, got };
  const message = `${JSON.stringify(request)} got ${JSON.stringify(body)}`;
  const ofBackend = Object.keys(right).filter(isOfBackend);

  // A value that calls may share by chance identifies the other call only with the rest.
  const telling = fewValues.has(field) ? ofBackend : [field];
  const other = requests.find((one, at) => {
    const rightOfOther = rightFields(one, known);
    return (
      at !== index &&
      telling.every((name) => isAmong(fieldOf(body, name), rightOfOther[name] ?? []))
    );
  });
  if (other !== undefined) {
    return fail(message, mixedUp(wrong, other));
  }
  if (fieldOf(body, "hit") === true && right.hit?.includes(false)) {
    return fail(message, hidesFailure("the cache has nothing for it", request, body));
  }
  if (isOfAnotherField(got, field, right)) {
    const all = Object.keys(right).map((name) => fieldOf(body, name));
    const isPermuted = expected.length > 0 && new Set(all).size === all.length;
    return fail(message, isPermuted ? inOrderOfArrival(wrong) : wrongAnswer(request, body, right));
  }
  // An empty value is no value that somebody meant as an answer.
  const isMeant = isOfBackend(field) && got !== "" && got !== null;
  // Of fields that belong together one alone may be the same by chance.
  const together = distinct === undefined ? ofBackend : [field];
  const values = together.map((name) => fieldOf(body, name));
  if (isMeant && past.some((one) => values.every((value) => isAmong(value, one)))) {
    return fail(message, staleValue(wrong));
  }
  return fail(
    message,
    isMeant && backend !== undefined
      ? notFromBackend(wrong, backend.name, expected.length > 0)
      : wrongAnswer(request, body, right),
  );
}

/** Two calls have the same value where each should have its own. */
function sharedValue({ exercise, requests, replies, known }: Answered): Outcome | undefined {
  const { distinct = [], backend } = planOf(exercise);
  for (const field of distinct) {
    const values = replies.map(({ body }) => fieldOf(body, field));
    const index = values.findIndex((value, at) => values.indexOf(value) < at);
    const got = values[index];
    if (got !== undefined) {
      const wrong = { request: requests[index] ?? null, field, got };
      const isKept = known.asked.length < requests.length * (backend?.callsEach ?? 0);
      return fail(
        `two calls were both answered with ${field} ${JSON.stringify(got)}`,
        isKept ? staleValue(wrong) : mixedUp(wrong, wrong.request),
      );
    }
  }
  return undefined;
}

/** Whether it is the value of another field, as when results are taken in the order of their arrival. */
function isOfAnotherField(got: JsonValue, field: string, right: RightFields): boolean {
  return Object.entries(right).some(
    ([name, values]) => name !== field && isOfBackend(name) && isAmong(got, values),
  );
}

function isAmong(value: JsonValue, values: readonly JsonValue[]): boolean {
  return values.some((one) => isDeepStrictEqual(one, value));
}

function isOfBackend(field: string): boolean {
  return !echoes.has(field);
}
