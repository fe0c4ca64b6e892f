import { stripVTControlCharacters } from "node:util";

/** Breaks a text into lines of at most `width` characters. `first` begins the first line, `rest` the others. */
export function wrap(text: string, width: number, first = "", rest = first): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of words(printable(text), Math.max(1, width - rest.length))) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}

/** What others say may hold what a terminal takes for a command. */
export function printable(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll("\t", "  ")
    .replaceAll(/\p{Cc}/gu, " ");
}

/** The words of a text; those that are longer than a line in pieces. */
function words(text: string, longest: number): string[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== "")
    .flatMap((word) => {
      const pieces: string[] = [];
      for (let at = 0; at < word.length; at += longest) {
        pieces.push(word.slice(at, at + longest));
      }
      return pieces;
    });
}
