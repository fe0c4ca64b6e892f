import { quoted, record } from "./state-file.ts";

const fields = [
  "dueMs",
  "lastMs",
  "stability",
  "difficulty",
  "scheduledDays",
  "learningSteps",
  "reps",
  "lapses",
  "state",
] as const;

/**
 * What a spaced repetition scheduler (FSRS) knows of a question. `dueMs` and `lastMs` are
 * milliseconds since 1970; `reps` says how often the question was asked, `lapses` how often it was
 * forgotten.
 */
export type Card = Readonly<Record<(typeof fields)[number], number>>;

/** @throws Error when it is not a card */
export function parseCard(json: unknown, id: string): Card {
  const card = record(json, `card ${id}`);
  const number = (name: (typeof fields)[number]) => {
    const value = card[name];
    if (typeof value !== "number" || !(value >= 0)) {
      throw new Error(`expected ${name} of card ${id} to be a number from 0, got ${quoted(value)}`);
    }
    return value;
  };
  return {
    dueMs: number("dueMs"),
    lastMs: number("lastMs"),
    stability: number("stability"),
    difficulty: number("difficulty"),
    scheduledDays: number("scheduledDays"),
    learningSteps: number("learningSteps"),
    reps: number("reps"),
    lapses: number("lapses"),
    state: number("state"),
  };
}
