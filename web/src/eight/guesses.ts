import { signal } from "@preact/signals";
import type { GetProgressResponse } from "@unblock/proto/gen/progress";
import { progressClient } from "../connection.ts";
import { type Guesses, parseGuesses } from "./score.ts";

const key = "unblock-guesses";

/** The first guess of each exercise, by letter. */
export const guesses = signal(inBrowser());

/**
 * Letters of the exercises that have passed their check. Undefined while the server keeps no progress for
 * this page, because it is away or on another machine; guesses then stay in this browser.
 */
export const passed = signal<readonly string[] | undefined>(undefined);

/** Reads the progress that the course, the check and other pages have made. */
export async function refreshProgress(): Promise<void> {
  await syncWithServer(async () => {
    // Guesses made while the server kept none.
    for (const [exercise, strategy] of Object.entries(inBrowser())) {
      await progressClient.recordGuess({ exercise, strategy });
    }
    return progressClient.getProgress({});
  });
}

/** Records a guess. Only the first guess per exercise counts, since it reveals the answer. */
export function guess(exercise: string, strategy: string): void {
  keepInBrowser({ [exercise]: strategy, ...guesses.value });
  void refreshProgress();
}

export function forgetGuesses(): void {
  keepInBrowser({});
  void syncWithServer(() => progressClient.forgetGuesses({}));
}

async function syncWithServer(
  ask: () => Promise<Pick<GetProgressResponse, "standing">>,
): Promise<void> {
  try {
    const { standing } = await ask();
    if (standing !== undefined) {
      localStorage.removeItem(key);
      guesses.value = Object.fromEntries(
        standing.exercises.filter((one) => one.guess !== "").map((one) => [one.letter, one.guess]),
      );
      passed.value = standing.exercises.filter((one) => one.passed).map(({ letter }) => letter);
    }
  } catch {
    // The server is away or on another machine.
    passed.value = undefined;
  }
}

function inBrowser(): Guesses {
  return parseGuesses(localStorage.getItem(key));
}

function keepInBrowser(kept: Guesses): void {
  guesses.value = kept;
  localStorage.setItem(key, JSON.stringify(kept));
}
