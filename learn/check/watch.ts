import type { Exercise } from "@unblock/proto/exercises";
import { isStub, shown, type Watch, watchFiles, yourFile, yoursFolder } from "../workspace.ts";

/**
 * Checks an exercise whenever its file is saved, one check at a time, until Ctrl-C. A file that is saved
 * during a check is checked once after it.
 */
export function watchExercises(
  chosen: readonly Exercise[],
  check: (exercise: Exercise) => Promise<void>,
  yours: string = yoursFolder,
): Watch {
  const queue: Exercise[] = [];
  let isChecking = false;
  const files = chosen.map((exercise) => yourFile(exercise, yours));
  const watch = watchFiles(files, (path) => {
    const exercise = chosen[files.indexOf(path)];
    if (exercise !== undefined && !isStub(exercise, yours) && !queue.includes(exercise)) {
      queue.push(exercise);
      void checkQueue();
    }
  });
  showWaiting(chosen, yours);
  return watch;

  async function checkQueue(): Promise<void> {
    if (isChecking) {
      return;
    }
    isChecking = true;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      try {
        await check(next);
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        process.stderr.write(`The check failed, and your code is not the reason: ${problem}\n`);
      }
    }
    isChecking = false;
    showWaiting(chosen, yours);
  }
}

function showWaiting(chosen: readonly Exercise[], yours: string): void {
  const [first] = chosen;
  const what =
    chosen.length === 1 && first !== undefined
      ? shown(yourFile(first, yours))
      : `a file in ${shown(yours)}`;
  process.stderr.write(`\nSave ${what} to have it checked. Ctrl-C ends.\n`);
}
