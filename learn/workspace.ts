import { cpSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { asideName, root, yoursFolder } from "../progress/files.ts";
import { type Exercise, exercises } from "../registry/exercises.ts";

export { shown, yoursFolder } from "../progress/files.ts";

const stubsFolder = join(root, "learn/stubs");

/** An exercise's name in the names of files and folders, such as "get-user". */
export function folderName({ rpc }: Exercise): string {
  return rpc.replace(/(?<=[a-z])[A-Z]/g, "-$&").toLowerCase();
}

/** The name of an exercise's file, such as "a-get-user.ts". */
export function fileName(exercise: Exercise): string {
  return `${exercise.letter.toLowerCase()}-${folderName(exercise)}.ts`;
}

/** The learner's file for an exercise. */
export function yourFile(exercise: Exercise, yours = yoursFolder): string {
  return join(yours, fileName(exercise));
}

/** The solution with one of the right strategies. */
export function solutionFile(exercise: Exercise, strategy: string): string {
  return join(root, "learn/solutions", fileName(exercise).replace(/ts$/, `${strategy}.ts`));
}

/** Gives the learner a copy of each stub whose copy is missing. */
export function prepareWorkspace(yours = yoursFolder): void {
  mkdirSync(yours, { recursive: true });
  for (const exercise of exercises) {
    if (!existsSync(yourFile(exercise, yours))) {
      putStub(exercise, yours);
    }
  }
}

/**
 * Puts the stub back.
 *
 * @returns where the learner's version is now; undefined when there was none
 */
export function resetExercise(
  exercise: Exercise,
  now: Date,
  yours = yoursFolder,
): string | undefined {
  const file = yourFile(exercise, yours);
  let aside: string | undefined;
  if (existsSync(file)) {
    aside = asideName(yours, fileName(exercise), now);
    renameSync(file, aside);
  }
  mkdirSync(yours, { recursive: true });
  putStub(exercise, yours);
  return aside;
}

/** Whether a learner's file is still, or again, the stub. */
export function isStub(exercise: Exercise, yours = yoursFolder): boolean {
  const stub = readFileSync(join(stubsFolder, fileName(exercise)));
  const file = yourFile(exercise, yours);
  return existsSync(file) && stub.equals(readFileSync(file));
}

function putStub(exercise: Exercise, yours: string): void {
  cpSync(join(stubsFolder, fileName(exercise)), yourFile(exercise, yours));
}
