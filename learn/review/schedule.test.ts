import type { Card } from "@unblock/progress/progress";
import { expect, test } from "vitest";
import { type AnswerQuality, afterAnswer, dueCards, nextDueMs } from "./schedule.ts";

const nowMs = Date.UTC(2026, 10, 5);
const dayMs = 24 * 60 * 60 * 1_000;

/** Answers a question each time it is due, and returns its intervals. */
function answered(...qualities: readonly AnswerQuality[]): { card: Card; intervalDays: number[] } {
  let card: Card | undefined;
  let timeMs = nowMs;
  const intervalDays: number[] = [];
  for (const quality of qualities) {
    card = afterAnswer(card, quality, timeMs);
    intervalDays.push((card.dueMs - timeMs) / dayMs);
    timeMs = card.dueMs;
  }
  if (card === undefined) {
    throw new Error("Expected at least one answer");
  }
  return { card, intervalDays };
}

test("intervals after right answers grow", () => {
  const { intervalDays } = answered("recommended", "recommended", "recommended", "recommended");
  expect(intervalDays[0]).toBeGreaterThanOrEqual(1);
  expect(intervalDays).toEqual(intervalDays.toSorted((a, b) => a - b));
  expect(new Set(intervalDays).size).toBe(intervalDays.length);
});

test("an answer that works comes back sooner than a recommended one", () => {
  const best = answered("recommended", "recommended", "recommended").intervalDays.at(-1);
  const works = answered("recommended", "recommended", "works").intervalDays.at(-1);
  expect(works).toBeLessThan(best ?? 0);
});

test("a wrong answer is due in the next session and shortens the interval", () => {
  const { card, intervalDays } = answered("recommended", "recommended", "wrong", "recommended");
  expect(card.lapses).toBe(1);
  expect(intervalDays.at(-1)).toBeLessThan(intervalDays[1] ?? 0);
  const wrong = afterAnswer(undefined, "wrong", nowMs);
  expect(dueCards(["a"], { a: wrong }, nowMs)).toEqual(["a"]);
});

test("returns the most overdue cards first, then new ones, and leaves out those not due", () => {
  const later = afterAnswer(undefined, "recommended", nowMs);
  const overdue = { ...later, dueMs: nowMs - 2 * dayMs };
  const cards = { a: later, b: overdue };
  expect(dueCards(["a", "b", "new"], cards, nowMs)).toEqual(["b", "new"]);
  expect(nextDueMs(cards, nowMs)).toBe(later.dueMs);
  expect(dueCards(["a", "b", "new"], cards, later.dueMs)).toEqual(["b", "a", "new"]);
  expect(nextDueMs({}, nowMs)).toBeUndefined();
});
