import { expect, test } from "vitest";
import { afterAnswer, type Card, dueQuestions, nextDueMs } from "./schedule.ts";

const nowMs = Date.UTC(2026, 10, 25);
const dayMs = 24 * 60 * 60 * 1_000;
const ids = ["a", "b", "c"];

function answered(...answers: readonly boolean[]): Card {
  let card: Card | undefined;
  for (const right of answers) {
    card = afterAnswer(card, right, nowMs);
  }
  if (card === undefined) {
    throw new Error("Expected an answer");
  }
  return card;
}

const restDays = (card: Card) => (card.dueMs - nowMs) / dayMs;

test("right answers rest longer each time, with an end", () => {
  const rests = [1, 2, 3, 4, 5, 6, 7].map((times) =>
    restDays(answered(...Array(times).fill(true))),
  );
  expect(rests).toEqual([1, 3, 7, 21, 60, 60, 60]);
});

test("a wrong answer comes back in the next session, and begins anew", () => {
  expect(answered(true, true, false)).toEqual({ rightInARow: 0, dueMs: nowMs });
  expect(restDays(answered(true, true, true, false, true))).toBe(1);
});

test("asks all that are new, in their order", () => {
  expect(dueQuestions(ids, {}, nowMs)).toEqual(["a", "b", "c"]);
  expect(nextDueMs(ids, {}, nowMs)).toBeUndefined();
});

test("asks first what has been due for longest, and leaves out what rests", () => {
  const cards = {
    a: answered(true),
    b: { rightInARow: 0, dueMs: nowMs - 2 * dayMs },
    gone: { rightInARow: 0, dueMs: 0 },
  };
  expect(dueQuestions(ids, cards, nowMs)).toEqual(["b", "c"]);
  expect(nextDueMs(ids, cards, nowMs)).toBe(nowMs + dayMs);
  expect(dueQuestions(ids, cards, nowMs + dayMs)).toEqual(["b", "a", "c"]);
});
