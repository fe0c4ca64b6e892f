import { expect, test } from "vitest";
import type { Card } from "../../progress/card.ts";
import { type AnswerQuality, afterAnswer, dueCards, nextDueMs } from "./schedule.ts";

const nowMs = Date.UTC(2026, 10, 5);
const dayMs = 24 * 60 * 60 * 1_000;

/** Answers a question each time it is due. */
function answered(...qualities: readonly AnswerQuality[]): { card: Card; restDays: number[] } {
  let card: Card | undefined;
  let timeMs = nowMs;
  const restDays: number[] = [];
  for (const quality of qualities) {
    card = afterAnswer(card, quality, timeMs);
    restDays.push((card.dueMs - timeMs) / dayMs);
    timeMs = card.dueMs;
  }
  if (card === undefined) {
    throw new Error("Expected at least one answer");
  }
  return { card, restDays };
}

test("right answers rest for days, each time for longer", () => {
  const { restDays } = answered("recommended", "recommended", "recommended", "recommended");
  expect(restDays[0]).toBeGreaterThanOrEqual(1);
  expect(restDays).toEqual(restDays.toSorted((a, b) => a - b));
  expect(new Set(restDays).size).toBe(restDays.length);
});

test("what was right at a price comes back sooner than what was right", () => {
  const best = answered("recommended", "recommended", "recommended").restDays.at(-1);
  const works = answered("recommended", "recommended", "works").restDays.at(-1);
  expect(works).toBeLessThan(best ?? 0);
});

test("a wrong answer comes back in the next session, and then rests less than before", () => {
  const { card, restDays } = answered("recommended", "recommended", "wrong", "recommended");
  expect(card.lapses).toBe(1);
  expect(restDays.at(-1)).toBeLessThan(restDays[1] ?? 0);
  const wrong = afterAnswer(undefined, "wrong", nowMs);
  expect(dueCards(["a"], { a: wrong }, nowMs)).toEqual(["a"]);
});

test("asks first what has been due for longest, then what is new, and leaves out what rests", () => {
  const rests = afterAnswer(undefined, "recommended", nowMs);
  const overdue = { ...rests, dueMs: nowMs - 2 * dayMs };
  const cards = { a: rests, b: overdue };
  expect(dueCards(["a", "b", "new"], cards, nowMs)).toEqual(["b", "new"]);
  expect(nextDueMs(cards, nowMs)).toBe(rests.dueMs);
  expect(dueCards(["a", "b", "new"], cards, rests.dueMs)).toEqual(["b", "a", "new"]);
  expect(nextDueMs({}, nowMs)).toBeUndefined();
});
