import { expect, test } from "vitest";
import { printable, wrap } from "./wrap.ts";

test("breaks between words, with its own beginning for the first line", () => {
  expect(wrap("one two three four", 11, "→ ", "  ")).toEqual(["→ one two", "  three", "  four"]);
});

test("breaks what is longer than a line", () => {
  expect(wrap("ab /a/very/long/path", 8)).toEqual(["ab", "/a/very/", "long/pat", "h"]);
});

test("gives one line for nothing", () => {
  expect(wrap("", 10)).toEqual([""]);
});

test("takes what a terminal would obey out of what others say", () => {
  expect(printable("a\x1b[2Jb\x07c\td\r\n")).toBe("ab c  d  ");
});
