import { isMessage, type Message } from "@bufbuild/protobuf";
import type { ConnectRouter, Interceptor, ServiceImpl } from "@connectrpc/connect";
import type { FieldViolation } from "@unblock/errors/failure";
import { quote } from "@unblock/errors/quote";
import { checkRange } from "@unblock/exercises/exercise";
import { type Exercise, exercises, findExercise } from "@unblock/proto/exercises";
import { maxCalls, maxCallsPerSecond, maxSeconds, maxStrategies } from "@unblock/proto/fired-runs";
import { type Strategy, Suitability } from "@unblock/proto/gen/exercise";
import {
  GetRunRequestSchema,
  LabService,
  LoadRequestSchema,
  RaceRequestSchema,
} from "@unblock/proto/gen/lab";
import type { Lab } from "../lab/lab.ts";
import { lackingEngines, lacksEngine } from "./exercises.ts";

/** Approximate CPU time of a call of CPU work, in milliseconds. */
const cpuMs = 100;
/** Max time that a run may freeze the server, in milliseconds: nothing can end it meanwhile. */
const maxFrozenMs = 60_000;

/**
 * Serves races, load tests and saved runs.
 *
 * @param engines external backends of the server, as strategies name them in `needs`
 * @param interceptors interceptors of this service, instead of the adapter's
 */
export function routeLab(
  router: ConnectRouter,
  lab: Lab,
  engines: readonly string[],
  interceptors: Interceptor[],
): void {
  const assertHasEngines = (letter: string, strategies: readonly string[]) => {
    const exercise = findExercise(letter);
    const lacks =
      exercise && lackingEngines(exercise, engines).find(({ name }) => strategies.includes(name));
    if (lacks) {
      throw lacksEngine(exercise, lacks);
    }
  };
  const implementation: ServiceImpl<typeof LabService> = {
    race: async function* (request, { signal }) {
      assertHasEngines(request.exercise, request.strategies);
      for await (const event of lab.race(request, signal)) {
        yield { event };
      }
    },

    load: async function* (request, { signal }) {
      assertHasEngines(request.exercise, [request.strategy]);
      for await (const event of lab.load(request, signal)) {
        yield { event };
      }
    },

    listRuns: async () => ({ runs: await lab.kept.list() }),

    getRun: async ({ id }) => ({ run: await lab.kept.get(id) }),
  };
  router.service(LabService, implementation, { interceptors });
}

export function checkRace(request: Message): FieldViolation[] {
  if (!isMessage(request, RaceRequestSchema)) {
    return [];
  }
  const { strategies, calls } = request;
  const exercise = exerciseOf(request.exercise);
  // Every unknown name is quoted in the message.
  const quotable = strategies.slice(0, maxStrategies);
  const twice = quotable.find((name, index) => quotable.indexOf(name) !== index);
  const { length } = strategies;
  return [
    ...checkExercise(request.exercise),
    ...(length >= 1 && length <= maxStrategies
      ? []
      : [violation("strategies", `to be 1 to ${maxStrategies} names, got ${length}`)]),
    ...quotable.flatMap((name) => checkStrategy("strategies", exercise, name)),
    ...(twice === undefined
      ? []
      : [violation("strategies", `to be named once each, got ${quote(twice)} twice`)]),
    ...checkRange("calls", calls, 0, maxCalls),
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
    ...checkRange("rate_per_second", ratePerSecond, 1, maxCallsPerSecond),
    ...checkRange("duration_s", durationS, 1, maxSeconds),
    ...checkFrozenTime("rate_per_second", exercise, strategy, calls),
  ];
}

export function checkGetRun(request: Message): FieldViolation[] {
  if (!isMessage(request, GetRunRequestSchema) || /^[a-z0-9]{12}$/.test(request.id)) {
    return [];
  }
  return [violation("id", `to be 12 letters from a to z and digits, got ${quote(request.id)}`)];
}

/** Finds an exercise by its letter only, since a saved run has the letter. */
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
  const maxCalls = Math.floor(maxFrozenMs / callMs);
  return calls <= maxCalls
    ? []
    : [
        violation(
          field,
          `to make at most ${maxCalls.toLocaleString("en")} calls with ${name}, each of which blocks the ` +
            `server for ${callMs} ms, got ${calls.toLocaleString("en")}`,
        ),
      ];
}

function strategyOf(exercise: Exercise, name: string): Strategy | undefined {
  return exercise.allStrategies.find((one) => one.name === name);
}

function violation(field: string, expected: string): FieldViolation {
  return { field, description: `Expected ${field} ${expected}.` };
}
