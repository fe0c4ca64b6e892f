import { describe, expect, test } from "vitest";
import { exerciseOf } from "../testing/exercise-of.ts";
import { bandOf, isWithin, limitOf } from "./limit.ts";

describe("the limit of a burst", () => {
  test.each([
    ["A", 50],
    ["B", 200],
    ["D", 30],
    ["E", 10],
    ["G", 0],
    ["H", 100],
  ])("%s: all waiting overlaps", (letter, limitMs) => {
    expect(limitOf(exerciseOf(letter), 2, 0)).toBe(limitMs);
  });

  test.each([
    ["C", 1, 1_100],
    ["C", 2, 550],
    ["C", 4, 330],
    ["C", 16, 110],
    ["F", 2, 430],
  ])("%s on %i cores: rounds of one task measured alone", (letter, cores, limitMs) => {
    expect(limitOf(exerciseOf(letter), cores, 110)).toBe(limitMs);
  });

  test("makes the band of CPU work", () => {
    const band = bandOf(exerciseOf("C"), 500);
    expect(band).toEqual([500, 675]);
    expect([499, 675, 676].map((wallMs) => isWithin(exerciseOf("C"), band, wallMs))).toEqual([
      true,
      true,
      false,
    ]);
  });

  test("leaves the specification's bands alone", () => {
    const band = bandOf(exerciseOf("A"), 50);
    expect(band).toEqual([50, 150]);
    expect([49, 50, 150, 151].map((wallMs) => isWithin(exerciseOf("A"), band, wallMs))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});
