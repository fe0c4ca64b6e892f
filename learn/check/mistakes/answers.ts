import { isDeepStrictEqual } from "node:util";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Diagnosis } from "@unblock/diagnose/diagnosis";
import { diagnoseRejections } from "@unblock/diagnose/unhandled-rejection";
import type { RightFields } from "@unblock/exercises/check-plan";
import { isNotExported, type Problem } from "../../service/learner-module.ts";
import { fail, type Outcome } from "../result.ts";

/** A field of a response that is not what its request asked for. */
export interface WrongField {
  readonly request: JsonValue;
  readonly field: string;
  readonly got: JsonValue;
}

function said({ request, field, got }: WrongField): string {
  return `${JSON.stringify(request)} was answered with ${field} ${JSON.stringify(got)}`;
}

/** @param other the request whose data it is */
export function mixedUp(wrong: WrongField, other: JsonValue): Diagnosis {
  const whose = isDeepStrictEqual(wrong.request, other)
    ? "that of another call"
    : `what ${JSON.stringify(other)} asked for`;
  return {
    name: "mixed-up-calls",
    finding: `Concurrent calls got each other's data: ${said(wrong)}, ${whose}. Other calls run while one awaits.`,
    nextStep:
      "Keep a call's data in variables of its handler, not of the module, and match each result with its call by what it is for, never by the order in which it arrives.",
    numbers: {},
  };
}

/** The values of one response are in each other's fields. */
export function inOrderOfArrival(wrong: WrongField): Diagnosis {
  return {
    name: "mixed-up-calls",
    finding: `${said(wrong)}, which belongs into another field: results arrive in another order than they were asked for.`,
    nextStep:
      "Take each result by what it is for, as Promise.all does, never by the order in which it arrives.",
    numbers: {},
  };
}

/** @param failed number of calls of `calls` that failed */
export function failsBesideOthers(
  file: string,
  message: string,
  failed: number,
  calls: number,
  problem: Problem | null,
): Diagnosis {
  return {
    name: "fails-beside-others",
    finding: `A single call succeeds; of ${calls} at once ${failed} failed. ${message}.`,
    ...lineOf(file, problem),
    nextStep:
      "Look for what calls share: a connection or worker that takes one request at a time, a flag, a limit that rejects; give each call its own, or let it wait its turn.",
    numbers: { failed, calls },
  };
}

export function staleValue(wrong: WrongField): Diagnosis {
  return {
    name: "stale-value",
    finding: `${said(wrong)}, which the backend sent for an earlier call; by now it sends something else.`,
    nextStep:
      "Do not keep what a backend sent (a memoised promise, a Map, a module's variable) where it may change or differs by key: ask for it in each call.",
    numbers: {},
  };
}

/** The backend was not asked again for what it had been asked before. */
export function keptValue(backend: string, calls: number, needed: number): Diagnosis {
  return {
    name: "stale-value",
    finding: `The ${backend} was asked ${calls} times for calls that need it ${needed} times: the rest were answered with earlier values.`,
    nextStep:
      "Do not keep what a backend sent (a memoised promise, a Map, a module's variable): ask for it in each call, as it may have changed.",
    numbers: { backend_calls: calls, expected_calls: needed },
  };
}

/** @param wasAsked whether the backend was asked for this value */
export function notFromBackend(wrong: WrongField, backend: string, wasAsked: boolean): Diagnosis {
  return {
    name: "answer-not-from-backend",
    finding: `${said(wrong)}; the ${backend} ${wasAsked ? "was asked, and sent something else" : "was not asked"}.`,
    nextStep:
      "Take each field from the backend's response to this call: the check makes its values up, so that nobody can know them.",
    numbers: {},
  };
}

/** The values are right, and the backend was not asked for them. */
export function notAsked(backend: string, calls: number, needed: number): Diagnosis {
  return {
    name: "answer-not-from-backend",
    finding: `The ${backend} was asked ${calls} times for calls that need it ${needed} times: the rest were answered with something else.`,
    nextStep: "Ask the backend in each call, as it may send something else then.",
    numbers: { backend_calls: calls, expected_calls: needed },
  };
}

export function asksTooOften(backend: string, calls: number, needed: number): Diagnosis {
  return {
    name: "asks-too-often",
    finding: `The ${backend} was asked ${calls} times for calls that need it ${needed} times: each call costs it, and its other users, more than it has to.`,
    nextStep:
      "Ask once for each value and use the response: look for a request that is repeated, made in advance, or made again to be sure.",
    numbers: { backend_calls: calls, expected_calls: needed },
  };
}

/** @param late number of requests after the caller had disconnected */
export function retriesWithoutEnd(what: string, asks: number, ms: number, late: number): Diagnosis {
  const after = late > 0 ? `, ${late} of them after its caller had disconnected` : "";
  return {
    name: "retries-without-end",
    finding: `When ${what}, one call asked ${asks} times in ${ms} ms${after}. That adds load to a backend in trouble, which then can't recover.`,
    nextStep:
      "Retry a few times at most, with a growing backoff, stop when the call's signal aborts, and then fail.",
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

/** A failed call. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  /** Error of the handler; null when the call failed elsewhere. */
  readonly problem: Problem | null;
}

export function describeFailure(request: JsonValue, { code, message, problem }: Failure): string {
  const reason = problem === null ? message : `the handler threw: ${problem.text}`;
  return `${JSON.stringify(request)} failed as ${code}: ${reason}`;
}

/** @param file the learner's, as shown to people */
export function noAnswer(file: string, finding: string, { problem }: Failure): Diagnosis {
  if (problem !== null && isNotExported(problem.text)) {
    return {
      name: "not-exported",
      finding: `The handler failed before any work began. ${problem.text}. A function can't be sent to another thread or process: that thread imports your file, and finds the function by its name.`,
      ...lineOf(file, problem),
      nextStep:
        "Write the function at the top level of your file with `export`, and pass it what it needs as its input.",
      numbers: {},
    };
  }
  return {
    name: "wrong-answer",
    finding: `${finding}.`,
    ...lineOf(file, problem),
    nextStep: "Have the handler answer this request; if it threw for a reason, start there.",
    numbers: {},
  };
}

function lineOf(file: string, problem: Problem | null): Pick<Diagnosis, "line"> {
  const line = problem?.line ?? null;
  return line === null ? {} : { line: { file, line, what: "handler" } };
}

/** @param right the values that each field may have */
export function wrongAnswer(request: JsonValue, got: JsonValue, right: RightFields): Diagnosis {
  const had: Readonly<Record<string, JsonValue>> =
    typeof got === "object" && got !== null && !Array.isArray(got) ? got : {};
  const wrong = Object.entries(right).filter(
    ([name, values]) => !values.some((value) => isDeepStrictEqual(value, had[name])),
  );
  const texts = wrong.map(
    ([name, [value]]) => `${name} ${JSON.stringify(had[name])} instead of ${JSON.stringify(value)}`,
  );
  return {
    name: "wrong-answer",
    finding: `${JSON.stringify(request)} was answered with ${texts.join(", ")}.`,
    nextStep: `Take ${wrong.map(([name]) => name).join(" and ")} from what the backend sends, as the exercise's README shows it.`,
    numbers: { wrong_fields: wrong.length },
  };
}

/**
 * Judges the unhandled rejections of a window.
 *
 * @param file the learner's, as shown to people
 * @param when the circumstances, such as " when the cache fails"
 * @returns undefined when there was none
 */
export function judgeRejections(
  file: string,
  { rejections }: { readonly rejections: readonly Problem[] },
  when = "",
): Outcome | undefined {
  const [first] = rejections;
  if (first === undefined) {
    return undefined;
  }
  const line = first.line === null ? undefined : { file, line: first.line, what: "a promise" };
  return fail(
    `a promise was rejected${when}, and nothing handled it`,
    diagnoseRejections({ message: first.text, line, count: rejections.length }),
  );
}
