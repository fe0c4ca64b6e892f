import { isMessage, type Message } from "@bufbuild/protobuf";
import { type Strategy, Suitability } from "../../../gen/unblock/v1/exercise_pb.ts";
import {
  GetRunRequestSchema,
  LoadRequestSchema,
  RaceRequestSchema,
} from "../../../gen/unblock/v1/lab_pb.ts";
import { type Exercise, exercises } from "../../../registry/exercises.ts";
import {
  mostCalls,
  mostCallsPerSecond,
  mostSeconds,
  mostStrategies,
} from "../../../registry/fired-runs.ts";
import type { FieldViolation } from "../../errors.ts";
import { checkRange } from "../../exercises/exercise.ts";
import { quote } from "../../quote.ts";

/** What one call of CPU work costs about, in milliseconds. */
const cpuMs = 100;
/** A strategy that freezes the server may do so for this long, in ms: nobody can end it meanwhile. */
const mostFrozenMs = 60_000;

export function checkRace(request: Message): FieldViolation[] {
  if (!isMessage(request, RaceRequestSchema)) {
    return [];
  }
  const { strategies, calls } = request;
  const exercise = exerciseOf(request.exercise);
  // Each that is wrong is quoted.
  const quotable = strategies.slice(0, mostStrategies);
  return [
    ...checkExercise(request.exercise),
    ...checkNumber(strategies),
    ...quotable.flatMap((name) => checkStrategy("strategies", exercise, name)),
    ...checkOnce(quotable),
    ...checkRange("calls", calls, 0, mostCalls),
    ...quotable.flatMap((name) =>
      checkFrozenTime("calls", exercise, name, calls || (exercise?.burst.calls ?? 0)),
    ),
  ];
}

export function checkLoad(request: Message): FieldViolation[] {
  if (!isMessage(request, LoadRequestSchema)) {
    return [];
  }
  const { strategy, ratePerSecond, durationS } = request;
  const exercise = exerciseOf(request.exercise);
  const calls = ratePerSecond * durationS;
  return [
    ...checkExercise(request.exercise),
    ...(strategy === "" ? [] : checkStrategy("strategy", exercise, strategy)),
    ...checkRange("rate_per_second", ratePerSecond, 1, mostCallsPerSecond),
    ...checkRange("duration_s", durationS, 1, mostSeconds),
    ...checkFrozenTime("rate_per_second", exercise, strategy, calls),
  ];
}

export function checkGetRun(request: Message): FieldViolation[] {
  if (!isMessage(request, GetRunRequestSchema) || /^[a-z0-9]{12}$/.test(request.id)) {
    return [];
  }
  return [violation("id", `to be 12 letters from a to z and digits, got ${quote(request.id)}`)];
}

/** Only by its letter: what is kept of a run has it under that name. */
function exerciseOf(letter: string): Exercise | undefined {
  return exercises.find((one) => one.letter === letter);
}

function checkExercise(letter: string): FieldViolation[] {
  const letters = exercises.map((one) => one.letter).join(", ");
  return exerciseOf(letter) === undefined
    ? [violation("exercise", `to be one of ${letters}, got ${quote(letter)}`)]
    : [];
}

function checkStrategy(
  field: string,
  exercise: Exercise | undefined,
  name: string,
): FieldViolation[] {
  if (exercise === undefined || strategyOf(exercise, name) !== undefined) {
    return [];
  }
  const names = exercise.allStrategies.map((one) => one.name).join(", ");
  return [violation(field, `to be of exercise ${exercise.letter} (${names}), got ${quote(name)}`)];
}

function checkOnce(strategies: readonly string[]): FieldViolation[] {
  const twice = strategies.find((name, index) => strategies.indexOf(name) !== index);
  return twice === undefined
    ? []
    : [violation("strategies", `to be named once each, got ${quote(twice)} twice`)];
}

function checkNumber(strategies: readonly string[]): FieldViolation[] {
  return strategies.length >= 1 && strategies.length <= mostStrategies
    ? []
    : [violation("strategies", `to be 1 to ${mostStrategies} names, got ${strategies.length}`)];
}

function checkFrozenTime(
  field: string,
  exercise: Exercise | undefined,
  name: string,
  calls: number,
): FieldViolation[] {
  const strategy = exercise && strategyOf(exercise, name);
  if (strategy?.suitability !== Suitability.FREEZES || exercise === undefined) {
    return [];
  }
  const callMs = exercise.work.waitMs + (exercise.work.cpu ? cpuMs : 0);
  const most = Math.floor(mostFrozenMs / callMs);
  return calls <= most
    ? []
    : [
        violation(
          field,
          `to make at most ${most.toLocaleString("en")} calls with ${name}, each of which stops the whole server ` +
            `for ${callMs} ms, got ${calls.toLocaleString("en")}`,
        ),
      ];
}

function strategyOf(exercise: Exercise, name: string): Strategy | undefined {
  return exercise.allStrategies.find((one) => one.name === name);
}

function violation(field: string, expected: string): FieldViolation {
  return { field, description: `Expected ${field} ${expected}.` };
}
