import type { Card } from "@unblock/progress/progress";
import { createEmptyCard, fsrs, Rating } from "ts-fsrs";

/** Quality of an answer. "works" is right at a price, so it is asked again sooner than "recommended". */
export const qualities = ["recommended", "works", "wrong"] as const;
export type AnswerQuality = (typeof qualities)[number];

const ratings = {
  recommended: Rating.Good,
  works: Rating.Hard,
  wrong: Rating.Again,
} as const;

/** Cards due within this time count as due: a wrong answer's card is due after a minute. */
const learnAheadMs = 60_000;

/** A question comes back when its answer is remembered with 90 %, and after a wrong answer in the next session. */
const scheduler = fsrs({
  request_retention: 0.9,
  learning_steps: ["1m"],
  relearning_steps: ["1m"],
  enable_fuzz: false,
});

/** Returns a question's card after an answer. @param card undefined when it was never asked */
export function afterAnswer(card: Card | undefined, quality: AnswerQuality, nowMs: number): Card {
  const before =
    card === undefined
      ? createEmptyCard(nowMs)
      : { ...card, due: card.dueMs, last_review: card.lastMs };
  const { due, last_review: _, ...next } = scheduler.next(before, nowMs, ratings[quality]).card;
  return { ...next, dueMs: due.getTime(), lastMs: nowMs };
}

/** Returns the ids of the cards that are due, the most overdue first, then those without a card. */
export function dueCards(
  ids: readonly string[],
  cards: Readonly<Record<string, Card>>,
  nowMs: number,
): readonly string[] {
  const latestMs = nowMs + learnAheadMs;
  const dueMs = (id: string) => cards[id]?.dueMs ?? latestMs;
  return ids.filter((id) => dueMs(id) <= latestMs).sort((a, b) => dueMs(a) - dueMs(b));
}

/** Returns the time of the next card that is not due yet; undefined when there is none. */
export function nextDueMs(
  cards: Readonly<Record<string, Card>>,
  nowMs: number,
): number | undefined {
  const later = Object.values(cards)
    .map(({ dueMs }) => dueMs)
    .filter((dueMs) => dueMs > nowMs + learnAheadMs);
  return later.length === 0 ? undefined : Math.min(...later);
}

export function dayOf(timeMs: number): string {
  return new Date(timeMs).toLocaleDateString("sv");
}
