import type { ConnectRouter, Interceptor, ServiceImpl } from "@connectrpc/connect";
import { checkField, type FieldViolation } from "@unblock/errors/failure";
import { quote } from "@unblock/errors/quote";
import { checkRange } from "@unblock/exercises/exercise";
import { type Exercise, exercises, findExercise } from "@unblock/proto/exercises";
import { maxCalls, maxCallsPerSecond, maxSeconds, maxStrategies } from "@unblock/proto/fired-runs";
import { Suitability } from "@unblock/proto/gen/exercise";
import {
  type GetRunRequest,
  LabService,
  type LoadRequest,
  type RaceRequest,
} from "@unblock/proto/gen/lab";
import type { Lab } from "../lab/lab.ts";
import { checkExercise, lackingStrategies, lacksBackend } from "./exercises.ts";

/** Approximate CPU time of a call of CPU work, in milliseconds. */
const cpuMs = 100;
/** Max time that a run may freeze the server, in milliseconds: nothing can end it meanwhile. */
const maxFrozenMs = 60_000;

/**
 * Serves races, load tests and saved runs.
 *
 * @param external external backends of the server, as strategies name them in `needs`
 * @param interceptors interceptors of this service, instead of the adapter's
 */
export function routeLab(
  router: ConnectRouter,
  lab: Lab,
  external: readonly string[],
  interceptors: Interceptor[],
): void {
  const assertHasBackends = (letter: string, strategies: readonly string[]) => {
    const exercise = findExercise(letter);
    const lacks =
      exercise &&
      lackingStrategies(exercise, external).find(({ name }) => strategies.includes(name));
    if (lacks) {
      throw lacksBackend(exercise, lacks);
    }
  };
  const implementation: ServiceImpl<typeof LabService> = {
    race: async function* (request, { signal }) {
      assertHasBackends(request.exercise, request.strategies);
      for await (const event of lab.race(request, signal)) {
        yield { event };
      }
    },

    load: async function* (request, { signal }) {
      assertHasBackends(request.exercise, [request.strategy]);
      for await (const event of lab.load(request, signal)) {
        yield { event };
      }
    },

    listRuns: async () => ({ runs: await lab.savedRuns.list() }),

    getRun: async ({ id }) => ({ run: await lab.savedRuns.get(id) }),
  };
  router.service(LabService, implementation, { interceptors });
}

export function checkRace({ exercise: letter, strategies, calls }: RaceRequest): FieldViolation[] {
  const exercise = exerciseOf(letter);
  const { length } = strategies;
  // Every unknown name is quoted in the message.
  const names = strategies.slice(0, maxStrategies);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  const once = `to be named once each, got ${quote(twice ?? "")} twice`;
  const count = `to be 1 to ${maxStrategies} names, got ${length}`;
  const callsOfEach = calls || (exercise?.burst.calls ?? 0);
  return [
    ...checkExercise(letter),
    ...checkField("strategies", length >= 1 && length <= maxStrategies, count),
    ...names.flatMap((name) => checkStrategy("strategies", exercise, name)),
    ...checkField("strategies", twice === undefined, once),
    ...checkRange("calls", calls, 0, maxCalls),
    ...names.flatMap((name) => checkFrozenTime("calls", exercise, name, callsOfEach)),
  ];
}

export function checkLoad(request: LoadRequest): FieldViolation[] {
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

export function checkGetRun({ id }: GetRunRequest): FieldViolation[] {
  const expected = `to be 12 letters from a to z and digits, got ${quote(id)}`;
  return checkField("id", /^[a-z0-9]{12}$/.test(id), expected);
}

/** Finds an exercise by its letter only, since a saved run has the letter. */
function exerciseOf(letter: string): Exercise | undefined {
  return exercises.find((one) => one.letter === letter);
}

function checkStrategy(
  field: string,
  exercise: Exercise | undefined,
  name: string,
): FieldViolation[] {
  if (exercise === undefined) {
    return [];
  }
  const names = exercise.allStrategies.map((one) => one.name);
  const expected = `to be of exercise ${exercise.letter} (${names.join(", ")}), got ${quote(name)}`;
  return checkField(field, names.includes(name), expected);
}

function checkFrozenTime(
  field: string,
  exercise: Exercise | undefined,
  name: string,
  calls: number,
): FieldViolation[] {
  const strategy = exercise?.allStrategies.find((one) => one.name === name);
  if (exercise === undefined || strategy?.suitability !== Suitability.FREEZES) {
    return [];
  }
  const callMs = exercise.work.waitMs + (exercise.work.cpu ? cpuMs : 0);
  const maxCalls = Math.floor(maxFrozenMs / callMs);
  const expected =
    `to make at most ${maxCalls.toLocaleString("en")} calls with ${name}, each of which blocks the ` +
    `server for ${callMs} ms, got ${calls.toLocaleString("en")}`;
  return checkField(field, calls <= maxCalls, expected);
}
