import { expect, test } from "vitest";
import { openProgressLine } from "./progress-line.ts";

function writtenOn(isTTY: boolean): string[] {
  const written: string[] = [];
  const line = openProgressLine({ isTTY, columns: 20, write: (text) => written.push(text) });
  line.show((seconds) => `measuring ${seconds} s, and much more`);
  line.show(() => "comparing");
  line.clear();
  return written;
}

test("replaces its text on a terminal, cut to one line", () => {
  expect(writtenOn(true)).toEqual(["\r\x1b[Kmeasuring 0 s, and ", "\r\x1b[Kcomparing", "\r\x1b[K"]);
});

test("writes nothing to a file or pipe", () => {
  expect(writtenOn(false)).toEqual([]);
});
