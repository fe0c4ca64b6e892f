import { randomInt } from "node:crypto";
import { createRequire } from "node:module";
import type { JsonValue } from "@bufbuild/protobuf";
import type { DiagnosisName } from "@unblock/diagnose/diagnosis";
import type { Exercise } from "@unblock/proto/exercises";
import { exerciseFile } from "./exercise.ts";

const load = createRequire(import.meta.url);

/** How the backends respond. */
export type Mood =
  /** Each request gets a right response with its own value. */
  | "right"
  /** Each request fails; of the five services the third. */
  | "failing"
  /** The response is empty. */
  | "empty"
  /** Responses are right and take several times as long. */
  | "slow";

export type AskedOutcome =
  | "in progress"
  /** The client was still connected. */
  | "answered"
  /** The client disconnected before the response. */
  | "cancelled";

/** A request at a backend. Times are on the clock of monotonicMs. */
export interface Asked {
  /** Such as "weather", "service-3" or "slow disk". */
  readonly backend: string;
  /** A city, key or path; "" where there is nothing to choose. */
  readonly what: string;
  readonly beganMs: number;
  readonly endedMs: number;
  readonly outcome: AskedOutcome;
  /** The response, as plain data. */
  readonly value: unknown;
}

/** A single call. */
export interface Question {
  readonly request: JsonValue;
  /** A key that the cache forgets before. */
  readonly forget?: string;
}

/** Facts by which responses are judged. */
export interface Known {
  /** Part of the backends' values. */
  readonly mark: string;
  /** Requests at the backends in the window. */
  readonly asked: readonly Asked[];
  /** Responses of the work done right, by the JSON of their requests; of some exercises. */
  readonly answers: ReadonlyMap<string, JsonValue>;
}

/** Values that a response's fields may have; other fields may have any. */
export type RightFields = Readonly<Record<string, readonly JsonValue[]>>;

/** A call while the backends are not as they should be. */
export interface Trouble {
  readonly mood: Mood;
  /** Description, such as "the weather service fails". */
  readonly what: string;
  readonly request: JsonValue;
  /** Whether a right response is possible all the same. */
  readonly mayBeRight: boolean;
}

/** A burst whose callers disconnect in the middle. */
export interface Cancelled {
  /** Description of the work at that time. */
  readonly during: string;
  /** Number of calls, more than a pool has threads, so that some still wait. */
  readonly calls: (cores: number) => number;
  readonly request: (rounds: number) => JsonValue;
  /** Their deadline. @param taskMs duration of one call's computing, alone */
  readonly deadlineMs: (taskMs: number) => number;
  /** Whether something has to have computed by then. */
  readonly computes?: true;
}

/** The exercise's backend, and how a burst's calls of it overlap when they are made right. */
export interface AskedBackend {
  readonly name: string;
  /** Calls of it per call of the exercise. */
  readonly callsEach: number;
  /** Minimum in progress at once; with fewer a burst can't end within the specification's time. */
  readonly overlap: number;
}

/** A wrong answer, and what the check must say of it. */
export interface WrongAnswer {
  /** File in the exercise's folder `wrong`. */
  readonly file: string;
  /** Diagnosis of the mistake to fix first; any of these where several are true. */
  readonly diagnoses: readonly DiagnosisName[];
  /** Diagnosis that must be named as well. */
  readonly also?: DiagnosisName;
}

/** The check of an exercise besides what the schema says: the default export of its `check.ts`. */
export interface Plan {
  readonly questions: readonly Question[];
  /** Undefined where there is none, or it is the analytics service. */
  readonly backend: AskedBackend | undefined;
  readonly rightFields: (request: JsonValue, known: Known) => RightFields;
  /** Fields whose values no two calls share; undefined where the requests differ anyway. */
  readonly distinct?: readonly string[];
  readonly troubles: readonly Trouble[];
  /** Request of a burst's nth call, from 1; `rounds` of hashing take about 100 ms here. */
  readonly burst: (n: number, rounds: number) => JsonValue;
  /** Calls at once that show whether calls disturb each other. Default: those of the burst. */
  readonly crowd?: number;
  readonly cancelled: readonly Cancelled[];
  /** Mistake in the stub, besides the missing decision. */
  readonly stubMistake: DiagnosisName;
  readonly wrongAnswers: readonly WrongAnswer[];
}

/** How an exercise's answers are checked, from the `check.ts` of its folder. */
export function planOf(exercise: Exercise): Plan {
  const module: { readonly default: Plan } = load(exerciseFile(exercise, "check.ts"));
  return module.default;
}

// Requests differ from run to run, so that no code can recognise a call.
export const someId = randomInt(2, 90_000);
export const otherId = someId + randomInt(2, 1_000);
const cities = ["london", "oslo", "rome", "quito", "hanoi", "accra", "lima", "perth"];
export const someCity = () => cities[randomInt(cities.length)] ?? "london";
export const city = someCity();
export const words = randomInt(36 ** 5).toString(36);

/** Several times the threads of any pool, so that most calls still wait. */
export const moreThanThreads = () => 64;

/** Returns a field of a JSON object; null where there is none. */
export function fieldOf(value: unknown, name: string): JsonValue {
  const { [name]: field = null }: Readonly<Record<string, JsonValue>> = Object(value);
  return field;
}

/** Troubles of every HTTP service. */
export function troublesOf(service: string, request: JsonValue): readonly Trouble[] {
  return [
    { mood: "failing", what: `${service} fails with status 503`, request, mayBeRight: false },
    { mood: "empty", what: `${service} answers with nothing in it`, request, mayBeRight: false },
  ];
}

export function fails(
  file: string,
  diagnosis: DiagnosisName | readonly DiagnosisName[],
  also?: DiagnosisName,
): WrongAnswer {
  const diagnoses = typeof diagnosis === "string" ? [diagnosis] : diagnosis;
  return { file, diagnoses, ...(also && { also }) };
}
