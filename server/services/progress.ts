import { create } from "@bufbuild/protobuf";
import type { ConnectRouter, Interceptor, ServiceImpl } from "@connectrpc/connect";
import { checkField, Failure, type FieldViolation, reasonOf } from "@unblock/errors/failure";
import { quote } from "@unblock/errors/quote";
import {
  changeProgress,
  isPassed,
  type Progress,
  progressOf,
  readProgress,
  withGuess,
  withoutGuesses,
} from "@unblock/progress/progress";
import { exercises } from "@unblock/proto/exercises";
import {
  ProgressService,
  type RecordGuessRequest,
  type Standing,
  StandingSchema,
} from "@unblock/proto/gen/progress";
import { checkExercise } from "./exercises.ts";

/**
 * Serves the learner's progress.
 *
 * @param path file of the progress
 * @param interceptors interceptors of this service, instead of the adapter's
 */
export function routeProgress(
  router: ConnectRouter,
  path: string,
  interceptors: Interceptor[],
): void {
  const implementation: ServiceImpl<typeof ProgressService> = {
    getProgress: () => respond(readProgress(path)),

    recordGuess: ({ exercise, strategy }) =>
      respond(changeProgress(path, (progress) => withGuess(progress, exercise, strategy))),

    forgetGuesses: () => respond(changeProgress(path, withoutGuesses)),
  };
  router.service(ProgressService, implementation, { interceptors });
}

/** @throws Failure when the file can't be read or written */
async function respond(
  progress: Promise<{ readonly state: Progress }>,
): Promise<{ readonly standing: Standing }> {
  try {
    return { standing: standingOf((await progress).state, Date.now()) };
  } catch (error) {
    throw new Failure("UNBLOCK_PROGRESS_NOT_SAVED", { problem: reasonOf(error) }, { cause: error });
  }
}

export function checkGuess({ exercise: letter, strategy }: RecordGuessRequest): FieldViolation[] {
  const exercise = exercises.find((one) => one.letter === letter);
  if (exercise === undefined) {
    return checkExercise(letter);
  }
  const names = exercise.strategies.map(({ name }) => name);
  const expected = `to be one of ${names.join(", ")}, got ${quote(strategy)}`;
  return checkField("strategy", names.includes(strategy), expected);
}

function standingOf(progress: Progress, nowMs: number): Standing {
  const answered = Object.values(progress.cards).filter(({ reps }) => reps > 0);
  return create(StandingSchema, {
    exercises: exercises.map(({ letter }) => ({
      letter,
      passed: isPassed(progress, letter),
      guess: progressOf(progress, letter).guess ?? "",
    })),
    questionsAnswered: answered.length,
    questionsDue: answered.filter(({ dueMs }) => dueMs <= nowMs).length,
  });
}
