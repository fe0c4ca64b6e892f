import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { breakLines, openProgressLine, printable, wrap } from "./text.ts";

describe("wrap", () => {
  test("breaks between words and prefixes the first line differently", () => {
    expect(wrap("one two three four", 11, "→ ", "  ")).toEqual(["→ one two", "  three", "  four"]);
  });

  test("cuts words that are longer than a line", () => {
    expect(wrap("ab /a/very/long/path", 8)).toEqual(["ab", "/a/very/", "long/pat", "h"]);
  });

  test("returns one empty line for an empty text", () => {
    expect(wrap("", 10)).toEqual([""]);
  });
});

test("printable removes terminal commands and control characters", () => {
  expect(printable("a\x1b[2Jb\x07c\td\r\n")).toBe("ab c  d  ");
});

describe("breakLines", () => {
  test("keeps lines that fit and breaks others without losing a character", () => {
    expect(breakLines(["short", "", "abcdefghijklmnop"], 8)).toEqual([
      "short",
      "",
      "abcdefgh",
      "    ijkl",
      "    mnop",
    ]);
  });

  test("does not count colours and continues them in the next line", () => {
    const red = "\x1b[31m";
    const [first = "", second = ""] = breakLines([`ab${red}cdefghij\x1b[39m`], 8);
    expect(first).toBe(`ab${red}cdefgh\x1b[0m`);
    expect(second).toContain(red);
    expect(stripVTControlCharacters(second)).toBe("    ij");
    expect(breakLines([`${red}12345678\x1b[39m`], 8)).toHaveLength(1);
  });
});

function writtenOn(isTTY: boolean): string[] {
  const written: string[] = [];
  const line = openProgressLine({ isTTY, columns: 20, write: (text) => written.push(text) });
  line.show((seconds) => `measuring ${seconds} s, and much more`);
  line.show(() => "comparing");
  line.clear();
  return written;
}

test("the progress line replaces its text on a terminal, cut to one line", () => {
  expect(writtenOn(true)).toEqual(["\r\x1b[Kmeasuring 0 s, and ", "\r\x1b[Kcomparing", "\r\x1b[K"]);
});

test("the progress line writes nothing to a file or pipe", () => {
  expect(writtenOn(false)).toEqual([]);
});
