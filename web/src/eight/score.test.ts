import { exercises, isRight } from "@unblock/proto/exercises";
import { expect, test } from "vitest";
import { describeGuesses, describeScore, parseGuesses } from "./score.ts";

const allRight = Object.fromEntries(
  exercises.map(({ letter, recommended }) => [letter, recommended]),
);

test("counts right guesses", () => {
  expect(describeGuesses({})).toBe("No exercise guessed yet");
  expect(describeGuesses({ A: "blocking-pool", B: "event-loop" })).toBe("Guessed 2 of 8: 1 right");
  expect(describeGuesses(allRight)).toBe("Guessed 8 of 8: 8 right");
});

test("scores passed exercises as the course does", () => {
  expect(describeScore(["A", "C"])).toBe("Score 2/8 passed");
  expect(describeScore([..."ABCDEFGH"])).toBe("8/8: Expert – ready for production MLOps");
});

test("counts strategies that work as right", () => {
  const [, weather] = exercises;
  expect(weather && isRight(weather, "blocking-pool")).toBe(true);
  expect(weather && isRight(weather, "event-loop")).toBe(false);
});

test.each([
  ["nothing", null],
  ["damaged", "{"],
  ["of another type", "7"],
  ["of unknown strategies", '{"A":"magic","Z":"blocking-pool","B":7}'],
])("drops stored guesses: %s", (_, kept) => {
  expect(parseGuesses(kept)).toEqual({});
});

test("keeps the valid guesses", () => {
  expect(parseGuesses('{"A":"blocking-pool","B":"magic"}')).toEqual({ A: "blocking-pool" });
});
