import { expect, test } from "vitest";
import { exercises, isRight } from "../../../registry/exercises.ts";
import { describeGuesses, describeScore, parseGuesses } from "./score.ts";

const allRight = Object.fromEntries(
  exercises.map(({ letter, recommended }) => [letter, recommended]),
);

test("says how many guesses are right", () => {
  expect(describeGuesses({})).toBe("No exercise guessed yet");
  expect(describeGuesses({ A: "threads", B: "event-loop" })).toBe("Guessed 2 of 8: 1 right");
  expect(describeGuesses(allRight)).toBe("Guessed 8 of 8: 8 right");
});

test("scores what has passed, as the course does", () => {
  expect(describeScore(["A", "C"])).toBe("Score 2/8 passed");
  expect(describeScore([..."ABCDEFGH"])).toBe("8/8: Expert – ready for production MLOps");
});

test("takes what works for right, at whatever price", () => {
  const [, weather] = exercises;
  expect(weather && isRight(weather, "threads")).toBe(true);
  expect(weather && isRight(weather, "event-loop")).toBe(false);
});

test.each([
  ["nothing", null],
  ["damaged", "{"],
  ["of another kind", "7"],
  ["of strategies that are not there", '{"A":"magic","Z":"threads","B":7}'],
])("forgets what was kept and is %s", (_, kept) => {
  expect(parseGuesses(kept)).toEqual({});
});

test("keeps what is good of it", () => {
  expect(parseGuesses('{"A":"threads","B":"magic"}')).toEqual({ A: "threads" });
});
