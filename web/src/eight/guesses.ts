import { signal } from "@preact/signals";
import type { Standing } from "../../../gen/unblock/v1/progress_pb.ts";
import { answerWithin, progressClient } from "../connection/clients.ts";
import { type Guesses, parseGuesses } from "./score.ts";

const key = "unblock-guesses";

/** The first guess of each exercise. */
export const guesses = signal<Guesses>(parseGuesses(localStorage.getItem(key)));

/**
 * The exercises that have passed a check, by letter; undefined while the server, or another machine
 * than this one, keeps no progress for this page: guesses then stay in this browser.
 */
export const passed = signal<readonly string[] | undefined>(undefined);

/** Takes over what the course, the check and other pages did meanwhile. */
export async function refreshProgress(): Promise<void> {
  await keepAtServer(async () => {
    const { standing } = await progressClient.getProgress({}, answerWithin);
    // Guesses that were made while the server kept none.
    for (const [exercise, strategy] of Object.entries(inBrowser())) {
      await progressClient.recordGuess({ exercise, strategy }, answerWithin);
    }
    return Object.keys(inBrowser()).length === 0
      ? standing
      : (await progressClient.getProgress({}, answerWithin)).standing;
  });
}

/** Only the first guess counts: after it the answer is known. */
export function guess(exercise: string, strategy: string): void {
  keepInBrowser({ [exercise]: strategy, ...guesses.value });
  void refreshProgress();
}

export function forgetGuesses(): void {
  keepInBrowser({});
  void keepAtServer(async () => (await progressClient.forgetGuesses({}, answerWithin)).standing);
}

async function keepAtServer(ask: () => Promise<Standing | undefined>): Promise<void> {
  try {
    const standing = await ask();
    if (standing !== undefined) {
      localStorage.removeItem(key);
      guesses.value = Object.fromEntries(
        standing.exercises.filter((one) => one.guess !== "").map((one) => [one.letter, one.guess]),
      );
      passed.value = standing.exercises.filter((one) => one.passed).map(({ letter }) => letter);
    }
  } catch {
    // Another machine's page, or a server that is away: this browser keeps what is guessed.
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
