import { expect, test } from "vitest";
import { difference } from "./book.ts";

const lines = (...all: readonly string[]) => `${all.join("\n")}\n`;

test("difference shows removed and added lines, with two lines around them", () => {
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

test("difference is empty for equal texts, whatever their line ends", () => {
  expect(difference("a\r\nb\r\n", "a\nb")).toEqual([]);
});
