import { expect, test } from "vitest";
import { difference } from "./difference.ts";

const lines = (...all: readonly string[]) => `${all.join("\n")}\n`;

test("shows what goes and what comes, with two lines around", () => {
  const from = lines("1", "2", "3", "4", "old", "6", "7", "8", "9", "10");
  const to = lines("1", "2", "3", "4", "new", "6", "7", "8", "9", "10", "11");
  expect(difference(from, to)).toEqual([
    "  3",
    "  4",
    "- old",
    "+ new",
    "  6",
    "  7",
    "⋮",
    "  9",
    "  10",
    "+ 11",
  ]);
});

test("is empty for the same text, whatever the ends of its lines", () => {
  expect(difference("a\r\nb\r\n", "a\nb")).toEqual([]);
});
