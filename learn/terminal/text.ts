import { stripVTControlCharacters, styleText } from "node:util";

type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan";

/** Colours a text, or returns it unchanged. */
export type Paint = (style: Style, text: string) => string;

export const plainPaint: Paint = (_, text) => text;
export const colourPaint: Paint = (style, text) =>
  styleText(style, text, { validateStream: false });

/** Returns {@link colourPaint} for terminals with colours, unless NO_COLOR is set. */
export function paintFor({
  isTTY,
  hasColors,
}: Pick<NodeJS.WriteStream, "isTTY" | "hasColors">): Paint {
  return isTTY && hasColors() ? colourPaint : plainPaint;
}

/**
 * Breaks a text into lines of at most `width` characters, without control characters.
 *
 * @param first prefix of the first line
 * @param rest prefix of the other lines
 */
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

/** Wraps a text behind a label, which may contain colours and takes `indent` columns. */
export function wrapBehind(label: string, text: string, width: number, indent: number): string[] {
  const [first = "", ...rest] = wrap(text, width, " ".repeat(indent));
  return [label + first.slice(indent), ...rest];
}

/** Removes terminal commands and control characters from text of unknown origin. */
export function printable(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll("\t", "  ")
    .replaceAll(/\p{Cc}/gu, " ");
}

/** Words of a text; words longer than `maxLength` are cut. */
function words(text: string, maxLength: number): string[] {
  const pieces = new RegExp(`.{1,${maxLength}}`, "gs");
  return text
    .split(/\s+/)
    .filter((word) => word !== "")
    .flatMap((word) => word.match(pieces) ?? []);
}

const breakIndent = "    ";

/**
 * Breaks lines that are wider than `width`, indenting what follows. Colours continue in the next
 * line.
 */
export function breakLines(lines: readonly string[], width: number): string[] {
  return lines.flatMap((line) =>
    stripVTControlCharacters(line).length <= width ? [line] : breakLine(line, width),
  );
}

function breakLine(line: string, width: number): string[] {
  const broken: string[] = [];
  let part = "";
  let length = 0;
  let styles = "";
  for (let at = 0; at < line.length; ) {
    if (line[at] === "\x1b") {
      const code = line.slice(at, line.indexOf("m", at) + 1) || "\x1b";
      part += code;
      styles += code;
      at += code.length;
      continue;
    }
    if (length === width) {
      broken.push(`${part}${styles === "" ? "" : "\x1b[0m"}`);
      part = breakIndent + styles;
      length = breakIndent.length;
    }
    part += line[at];
    length++;
    at++;
  }
  return [...broken, part];
}
