import { cpSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { exerciseFile, folderName } from "@unblock/exercises/exercise";
import { asidePath, yoursFolder } from "@unblock/progress/yours-folder";
import { type Exercise, exercises } from "@unblock/proto/exercises";

export { shown, yoursFolder } from "@unblock/progress/yours-folder";

export function fileName(exercise: Exercise): string {
  return `${exercise.letter.toLowerCase()}-${folderName(exercise)}.ts`;
}

export function yourFile(exercise: Exercise, yours = yoursFolder): string {
  return join(yours, fileName(exercise));
}

export function solutionFile(exercise: Exercise, strategy: string): string {
  return exerciseFile(exercise, `solutions/${strategy}.ts`);
}

/** Copies each stub to the learner's folder, unless the file exists. */
export function prepareWorkspace(yours = yoursFolder): void {
  mkdirSync(yours, { recursive: true });
  for (const exercise of exercises) {
    if (!existsSync(yourFile(exercise, yours))) {
      putStub(exercise, yours);
    }
  }
}

/**
 * Restores the stub and moves the learner's version to the folder `aside`.
 *
 * @returns path of the moved version; undefined when there was none
 */
export function resetExercise(
  exercise: Exercise,
  now: Date,
  yours = yoursFolder,
): string | undefined {
  const file = yourFile(exercise, yours);
  let aside: string | undefined;
  if (existsSync(file)) {
    aside = asidePath(yours, fileName(exercise), now);
    renameSync(file, aside);
  }
  mkdirSync(yours, { recursive: true });
  putStub(exercise, yours);
  return aside;
}

/** Whether the learner's file equals the stub. */
export function isStub(exercise: Exercise, yours = yoursFolder): boolean {
  const stub = readFileSync(exerciseFile(exercise, "stub.ts"));
  const file = yourFile(exercise, yours);
  return existsSync(file) && stub.equals(readFileSync(file));
}

/** Text of a file; "" while it does not exist, as between two steps of an editor that saves. */
export function contentOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function putStub(exercise: Exercise, yours: string): void {
  cpSync(exerciseFile(exercise, "stub.ts"), yourFile(exercise, yours));
}
