import { join } from "node:path";
import { type Loaded, loadState, record, saveState } from "../state-file.ts";
import { yoursFolder } from "../workspace.ts";
import type { Card } from "./schedule.ts";

/** What is known about each question, by its id. Ids of questions that are gone do no harm. */
export type Cards = Readonly<Record<string, Card>>;

export const cardsPath: string = join(yoursFolder, "quiz.json");

export function loadCards(path: string): Loaded<Cards> {
  return loadState(path, parseCards, {});
}

export function saveCards(cards: Cards, path: string): void {
  saveState(path, cards);
}

/** @throws Error when it is not what {@link saveCards} wrote */
function parseCards(json: unknown): Cards {
  const parsed = Object.entries(record(json, "the quiz")).map(([id, card]) => {
    const { rightInARow, dueMs } = record(card, id);
    if (typeof rightInARow !== "number" || rightInARow < 0 || typeof dueMs !== "number") {
      throw new Error(`expected rightInARow and dueMs of ${id} to be numbers`);
    }
    return [id, { rightInARow, dueMs }] as const;
  });
  return Object.fromEntries(parsed);
}
