import { signal } from "@preact/signals";
import { type Guesses, parseGuesses } from "./score.ts";

const key = "unblock-guesses";

export const guesses = signal<Guesses>(parseGuesses(localStorage.getItem(key)));

/** Only the first guess counts: after it the answer is known. */
export function guess(letter: string, strategy: string): void {
  keep({ [letter]: strategy, ...guesses.value });
}

export function forgetGuesses(): void {
  keep({});
}

function keep(kept: Guesses): void {
  guesses.value = kept;
  localStorage.setItem(key, JSON.stringify(kept));
}
