import { cpSync, existsSync, readFileSync, renameSync, watch } from "node:fs";
import { basename, dirname, join } from "node:path";
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

function stubOf(exercise: Exercise): string {
  return exerciseFile(exercise, "stub.ts");
}

/** Copies each stub to the learner's folder, unless the file exists. */
export function prepareWorkspace(yours = yoursFolder): void {
  for (const exercise of exercises) {
    cpSync(stubOf(exercise), yourFile(exercise, yours), { force: false });
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
  cpSync(stubOf(exercise), file);
  return aside;
}

/** Whether the learner's file equals the stub. */
export function isStub(exercise: Exercise, yours = yoursFolder): boolean {
  return contentOf(yourFile(exercise, yours)) === contentOf(stubOf(exercise));
}

/** Text of a file; "" while it does not exist, as between two steps of an editor that saves. */
export function contentOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Editors write a file in several steps, and some replace it. */
const settleMs = 150;

export interface Watch {
  close(): void;
}

/**
 * Calls `onChange` when the content of a file has changed and is not empty. All files must be in one
 * folder: the folder is watched, because a watch on a file ends when an editor replaces the file.
 */
export function watchFiles(paths: readonly string[], onChange: (path: string) => void): Watch {
  const [first = "."] = paths;
  const contents = new Map(paths.map((path) => [path, contentOf(path)]));
  const timers = new Map<string, NodeJS.Timeout>();
  const compare = (path: string) => {
    timers.delete(path);
    const content = contentOf(path);
    // An empty file is one that an editor has not finished writing.
    if (content !== "" && content !== contents.get(path)) {
      contents.set(path, content);
      onChange(path);
    }
  };
  const watcher = watch(dirname(first), (_, name) => {
    // Some systems do not report the file's name.
    for (const path of paths.filter((one) => name === null || basename(one) === name)) {
      clearTimeout(timers.get(path));
      timers.set(path, setTimeout(compare, settleMs, path));
    }
  });
  return {
    close: () => {
      watcher.close();
      for (const timer of timers.values()) {
        clearTimeout(timer);
      }
    },
  };
}
