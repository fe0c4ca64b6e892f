import { type Card as FsrsCard, fsrs, Rating, State } from "ts-fsrs";
import type { Card } from "../../progress/card.ts";

/** How an answer was: "works" is right at a price, so it is asked again sooner than "recommended". */
export type AnswerQuality = "recommended" | "works" | "wrong";

const ratings = {
  recommended: Rating.Good,
  works: Rating.Hard,
  wrong: Rating.Again,
} as const;

/** What is due so soon is due: a wrong answer rests for a minute, and the next session asks it again. */
const learnAheadMs = 60_000;

/**
 * The FSRS scheduler: a question comes back when it is remembered with a probability of 90 %. A wrong
 * answer comes back in the next session, which is a minute later at the earliest.
 */
const scheduler = fsrs({
  request_retention: 0.9,
  learning_steps: ["1m"],
  relearning_steps: ["1m"],
  enable_fuzz: false,
});

/** A question's card after an answer. @param card undefined when it was never asked */
export function afterAnswer(card: Card | undefined, quality: AnswerQuality, nowMs: number): Card {
  const { card: next } = scheduler.next(toFsrs(card, nowMs), new Date(nowMs), ratings[quality]);
  return {
    dueMs: next.due.getTime(),
    lastMs: nowMs,
    stability: next.stability,
    difficulty: next.difficulty,
    scheduledDays: next.scheduled_days,
    learningSteps: next.learning_steps,
    reps: next.reps,
    lapses: next.lapses,
    state: next.state,
  };
}

/** What to ask in a session that begins now: what has been due for longest, then what is new. */
export function dueCards(
  ids: readonly string[],
  cards: Readonly<Record<string, Card>>,
  nowMs: number,
): readonly string[] {
  const latestMs = nowMs + learnAheadMs;
  const dueMs = (id: string) => cards[id]?.dueMs ?? latestMs;
  return ids.filter((id) => dueMs(id) <= latestMs).sort((a, b) => dueMs(a) - dueMs(b));
}

/** When the next question is due that is not due now; undefined when there is none. */
export function nextDueMs(
  cards: Readonly<Record<string, Card>>,
  nowMs: number,
): number | undefined {
  const later = Object.values(cards)
    .map(({ dueMs }) => dueMs)
    .filter((dueMs) => dueMs > nowMs + learnAheadMs);
  return later.length === 0 ? undefined : Math.min(...later);
}

function toFsrs(card: Card | undefined, nowMs: number): FsrsCard {
  if (card === undefined) {
    return {
      due: new Date(nowMs),
      stability: 0,
      difficulty: 0,
      elapsed_days: 0,
      scheduled_days: 0,
      learning_steps: 0,
      reps: 0,
      lapses: 0,
      state: State.New,
    };
  }
  return {
    due: new Date(card.dueMs),
    last_review: new Date(card.lastMs),
    stability: card.stability,
    difficulty: card.difficulty,
    elapsed_days: 0,
    scheduled_days: card.scheduledDays,
    learning_steps: card.learningSteps,
    reps: card.reps,
    lapses: card.lapses,
    state: card.state,
  };
}
