import { isDeepStrictEqual } from "node:util";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Diagnosis } from "../../diagnose/diagnosis.ts";
import { diagnoseRejections } from "../../diagnose/unhandled-rejection.ts";
import { isNotExported, type Problem } from "../../service/learner-module.ts";
import type { RightFields } from "../plan.ts";

/** A field of a response that is not what its request asked for. */
export interface WrongField {
  readonly request: JsonValue;
  readonly field: string;
  readonly got: JsonValue;
}

/** @param other the request whose data it is */
export function mixedUp({ request, field, got }: WrongField, other: JsonValue): Diagnosis {
  const whose =
    JSON.stringify(request) === JSON.stringify(other)
      ? "that of another call"
      : `what ${JSON.stringify(other)} asked for`;
  return {
    name: "mixed-up-calls",
    finding: `Calls at once got each other's data: ${JSON.stringify(request)} was answered with ${field} ${JSON.stringify(got)}, ${whose}. Other calls run while one awaits.`,
    nextStep:
      "Keep what belongs to a call in variables of its handler, none of the module, and match each result with its call by what it is for, never by the order in which it arrives.",
    numbers: {},
  };
}

/** The values of one response are in each other's fields. */
export function inOrderOfArrival({ request, field, got }: WrongField): Diagnosis {
  return {
    name: "mixed-up-calls",
    finding: `${JSON.stringify(request)} was answered with ${field} ${JSON.stringify(got)}, which belongs into another field: answers come in another order than they were asked for.`,
    nextStep:
      "Take each answer by what it is for, as Promise.all does, and never by the order in which it arrives.",
    numbers: {},
  };
}

/** @param failed of `calls` */
export function failsBesideOthers(
  file: string,
  message: string,
  failed: number,
  calls: number,
  problem: Problem | null,
): Diagnosis {
  const line = problem?.line ?? null;
  return {
    name: "fails-beside-others",
    finding: `A call alone is answered; of ${calls} at once ${failed} failed. ${message}.`,
    ...(line === null ? {} : { line: { file, line, what: "handler" } }),
    nextStep:
      "Look for what calls share: a connection or a worker that takes one question at a time, a flag, a limit that rejects; give each call its own, or let it wait its turn.",
    numbers: { failed, calls },
  };
}

export function staleValue({ request, field, got }: WrongField): Diagnosis {
  return {
    name: "stale-value",
    finding: `${JSON.stringify(request)} was answered with ${field} ${JSON.stringify(got)}, which the backend had said to an earlier call; it says something else by now.`,
    nextStep:
      "Do not keep what a backend said (a memoised promise, a Map, a module's variable) where the answer may change or is another one for another key: ask it for each call.",
    numbers: {},
  };
}

/** Calls that the backend heard nothing of, though it had been asked the same before. */
export function keptValue(backend: string, calls: number, needed: number): Diagnosis {
  return {
    name: "stale-value",
    finding: `The ${backend} was asked ${calls} times for calls that need it ${needed} times: the rest were answered with what it had said before.`,
    nextStep:
      "Do not keep what a backend said (a memoised promise, a Map, a module's variable): ask it for each call, as tomorrow it says something else.",
    numbers: { backend_calls: calls, expected_calls: needed },
  };
}

/** A call that failed because an earlier one had. */
export function keptFailure(message: string): Diagnosis {
  return {
    name: "stale-value",
    finding: `The backend failed once and is well again, and a call still fails: ${message}. What is kept is the failure.`,
    nextStep: "Do not keep a promise that was rejected, nor a connection that broke: begin anew.",
    numbers: {},
  };
}

/** @param wasAsked whether it was asked for this at all */
export function notFromBackend(
  { request, field, got }: WrongField,
  backend: string,
  wasAsked: boolean,
): Diagnosis {
  return {
    name: "answer-not-from-backend",
    finding: `${JSON.stringify(request)} was answered with ${field} ${JSON.stringify(got)}; the ${backend} ${wasAsked ? "was asked, and said something else" : "was not asked"}.`,
    nextStep:
      "Take each field from what the backend answers this call: its values here are made up for the check, so that nobody can know them.",
    numbers: {},
  };
}

export function asksTooOften(backend: string, calls: number, needed: number): Diagnosis {
  return {
    name: "asks-too-often",
    finding: `The ${backend} was asked ${calls} times for calls that need it ${needed} times: each call costs it, and its other users, more than it has to.`,
    nextStep:
      "Ask once for each value and use the answer: look for a request that is repeated, made in advance, or made again to be sure.",
    numbers: { backend_calls: calls, expected_calls: needed },
  };
}

/** @param asked how often it was asked, and in which time */
export function retriesWithoutEnd(what: string, asks: number, ms: number, late: number): Diagnosis {
  const after = late > 0 ? `, ${late} of them after its caller had gone` : "";
  return {
    name: "retries-without-end",
    finding: `When ${what}, one call asked ${asks} times in ${ms} ms${after}. A backend in trouble gets the more to do, and does not recover.`,
    nextStep:
      "Try again a few times at most, wait longer before each, stop when the call's signal aborts, and then say that it failed.",
    numbers: { asks, ms, asks_after_abort: late },
  };
}

export function hidesFailure(what: string, request: JsonValue, body: JsonValue): Diagnosis {
  return {
    name: "hides-failure",
    finding: `When ${what}, ${JSON.stringify(request)} is answered as a success: ${JSON.stringify(body)}. Nobody can tell it from a real answer.`,
    nextStep:
      "Let the call fail with the error (throw it), and catch only what you have a true answer for.",
    numbers: {},
  };
}

/** Answers that are right, and that the backend was not asked for. */
export function notAsked(backend: string, calls: number, needed: number): Diagnosis {
  return {
    name: "answer-not-from-backend",
    finding: `The ${backend} was asked ${calls} times for calls that need it ${needed} times: the rest were answered with something else.`,
    nextStep: "Ask the backend for each request: tomorrow it may say something else.",
    numbers: { backend_calls: calls, expected_calls: needed },
  };
}

/** Some calls' events did not arrive, and others came in their place. */
export function eventsMixedUp(calls: number, missing: number): Diagnosis {
  return {
    name: "mixed-up-calls",
    finding: `Of ${calls} calls at once ${missing} had their events replaced by those of other calls: what they share had changed by the time that it was sent.`,
    nextStep:
      "Keep what belongs to a call in variables of its handler, and hand it to what runs later; a variable of the module is of whichever call came last.",
    numbers: { missing, calls },
  };
}

/** Some calls' events did not arrive. */
export function eventsMissing(calls: number, missing: number): Diagnosis {
  return {
    name: "fails-beside-others",
    finding: `A call alone has its event sent; of ${calls} at once ${missing} had not, though each was told "accepted".`,
    nextStep:
      "Look for what calls share: a flag, a limit that throws away, one request at a time; let events wait their turn, or say that they are not accepted.",
    numbers: { missing, calls },
  };
}

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

/**
 * A function was handed to another thread, which can't have it.
 *
 * @param file the learner's, as people read it
 */
function notExported(file: string, { text, line }: Problem): Diagnosis {
  return {
    name: "not-exported",
    finding: `The handler failed before any work began. ${text}. A function can't be sent to another thread or process: that thread imports your file, and finds the function by its name.`,
    ...(line === null ? {} : { line: { file, line, what: "handler" } }),
    nextStep:
      "Write the function at the top level of your file with `export`, and hand it what it needs as its input.",
    numbers: {},
  };
}

/** @param file the learner's, as people read it */
export function unhandledRejection(
  file: string,
  [first, ...others]: readonly [Problem, ...Problem[]],
): Diagnosis {
  const line = first.line === null ? undefined : { file, line: first.line, what: "a promise" };
  return diagnoseRejections({ message: first.text, line, count: 1 + others.length });
}

export function replyWaits(replyMs: number): Diagnosis {
  return {
    name: "reply-waits-for-work",
    finding:
      "Analytics had the event, and the reply was not out before analytics had taken it: the caller waits for what it needs nothing of.",
    nextStep: "Reply first, and leave the event to somebody who lives longer than the call.",
    numbers: { reply_ms: replyMs },
  };
}

/** @param when what the caller did, such as "had its reply" */
export function lostOnAbort(when: string): Diagnosis {
  return {
    name: "lost-on-abort",
    finding: `The caller ${when}, and the event was lost before analytics could take it: the call's signal aborts then, also after a success.`,
    nextStep:
      "Keep the call's signal away from what outlives the call, and take the one of whoever owns the work.",
    numbers: { events_lost: 1 },
  };
}

export function lostAtShutdown(): Diagnosis {
  return {
    name: "lost-at-shutdown",
    finding:
      "The service was asked to stop (SIGTERM) with an event on its way, and ended without waiting for it: the event is lost.",
    nextStep: "Give the event to an owner that the service waits for when it stops: inBackground.",
    numbers: { events_lost: 1 },
  };
}

/** @param posted what arrived; undefined when nothing did */
export function wrongEvent(posted: string | undefined, expected: string): Diagnosis {
  return {
    name: "wrong-answer",
    finding:
      posted === undefined
        ? `The reply is right, and no event arrived at analytics, where ${expected} should have.`
        : `Analytics got ${posted || "nothing"}, and not ${expected}.`,
    nextStep: "Post the event to analyticsUrl() as JSON, with the fields that the scenario names.",
    numbers: {},
  };
}
