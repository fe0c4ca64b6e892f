import { expect, test } from "vitest";
import { exercises } from "../../../registry/exercises.ts";
import { isRight, parseGuesses, scoreOf } from "./score.ts";

const allRight = Object.fromEntries(
  exercises.map(({ letter, recommended }) => [letter, recommended]),
);

test("scores as the specification does, once there is a guess for each", () => {
  expect(scoreOf({})).toBe("0 of 0 right, 8 to go");
  expect(scoreOf({ A: "threads", B: "event-loop" })).toBe("1 of 2 right, 6 to go");
  expect(scoreOf(allRight)).toBe("8/8: Expert – ready for production MLOps");
  expect(scoreOf({ ...allRight, A: "event-loop" })).toMatch(/^7\/8: Solid/);
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
