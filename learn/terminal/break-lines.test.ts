import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { breakLines } from "./break-lines.ts";

test("leaves what fits, and breaks what does not, without losing a character", () => {
  expect(breakLines(["short", "", "abcdefghijklmnop"], 8)).toEqual([
    "short",
    "",
    "abcdefgh",
    "    ijkl",
    "    mnop",
  ]);
});

test("counts no colours, and goes on with them in the next line", () => {
  const red = "\x1b[31m";
  const [first = "", second = ""] = breakLines([`ab${red}cdefghij\x1b[39m`], 8);
  expect(first).toBe(`ab${red}cdefgh\x1b[0m`);
  expect(second).toContain(red);
  expect(stripVTControlCharacters(second)).toBe("    ij");
  expect(breakLines([`${red}12345678\x1b[39m`], 8)).toHaveLength(1);
});
