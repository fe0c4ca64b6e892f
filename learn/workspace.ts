import { cpSync, existsSync, mkdirSync, renameSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type Exercise, exercises } from "../registry/exercises.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const stubsFolder = join(root, "learn/stubs");

/** Where learners work. Git does not see it. */
export const yoursFolder = join(root, "learn/yours");

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

/** A path as people and their editors read it: from the project's folder. */
export function shown(path: string): string {
  return relative(root, path);
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

/** A new path for what is kept aside: it tells when that was, and takes nobody's place. */
export function asideName(yours: string, name: string, now: Date): string {
  const folder = join(yours, "aside");
  mkdirSync(folder, { recursive: true });
  // Swedes write the local time as ISO 8601 does. A file's name may not have a colon everywhere.
  const stamp = now.toLocaleString("sv").replace(" ", "T").replaceAll(":", "");
  const [, stem = name, ending = ""] = /^(.*)(\.\w+)$/.exec(name) ?? [];
  for (let version = 1; ; version++) {
    const path = join(folder, `${stem}.${stamp}${version === 1 ? "" : `-${version}`}${ending}`);
    if (!existsSync(path)) {
      return path;
    }
  }
}

function putStub(exercise: Exercise, yours: string): void {
  cpSync(join(stubsFolder, fileName(exercise)), yourFile(exercise, yours));
}
