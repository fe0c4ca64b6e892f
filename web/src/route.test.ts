import { expect, test } from "vitest";
import { routeOf } from "./route.ts";

test.each([
  ["", { view: "race" }],
  ["#/race", { view: "race" }],
  ["#/nothing", { view: "race" }],
  ["#/eight", { view: "eight", letter: undefined }],
  ["#/eight/c", { view: "eight", letter: "C" }],
  ["#/load", { view: "load" }],
  ["#/runs", { view: "runs" }],
  ["#/runs/abc", { view: "run", id: "abc", otherId: undefined }],
  ["#/runs/abc/def", { view: "run", id: "abc", otherId: "def" }],
])("%s", (hash, expected) => {
  expect(routeOf(hash)).toEqual(expected);
});
