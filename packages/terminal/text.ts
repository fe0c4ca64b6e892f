import { stripVTControlCharacters, styleText } from "node:util";

type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan";

/** Colours a text, or returns it unchanged. */
export type Paint = (style: Style, text: string) => string;

export const plainPaint: Paint = (_, text) => text;
export const colourPaint: Paint = (style, text) =>
  styleText(style, text, { validateStream: false });

/** Returns {@link colourPaint} for terminals with colours, unless NO_COLOR is set. */
export function paintFor(stream: Pick<NodeJS.WriteStream, "isTTY" | "hasColors">): Paint {
  return stream.isTTY && stream.hasColors() ? colourPaint : plainPaint;
}

/**
 * Breaks a text into lines of at most `width` characters, without control characters.
 *
 * @param first prefix of the first line
 * @param rest prefix of the other lines
 */
export function wrap(text: string, width: number, first = "", rest = first): string[] {
  const maxLength = Math.max(1, width - rest.length);
  const lines: string[] = [];
  let line = first;
  let separator = "";
  for (const word of printable(text).match(new RegExp(`\\S{1,${maxLength}}`, "g")) ?? []) {
    if (separator !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = rest;
      separator = "";
    }
    line += separator + word;
    separator = " ";
  }
  return [...lines, line];
}

/** Wraps a text behind a label, which may contain colours. */
export function wrapBehind(label: string, text: string, width: number): string[] {
  const indent = " ".repeat(stripVTControlCharacters(label).length);
  const [first = "", ...rest] = wrap(text, width, indent);
  return [label + first.slice(indent.length), ...rest];
}

/** Removes terminal commands and control characters from text of unknown origin. */
export function printable(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll("\t", "  ")
    .replaceAll(/\p{Cc}/gu, " ");
}

const breakIndent = "    ";

/** Breaks lines that are wider than `width`, indenting what follows. Colours continue in the next line. */
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
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a colour begins with one
  for (const piece of line.match(/\x1b\[\d*m|./gs) ?? []) {
    if (piece.length > 1) {
      part += piece;
      styles += piece;
      continue;
    }
    if (length === width) {
      broken.push(`${part}${styles === "" ? "" : "\x1b[0m"}`);
      part = breakIndent + styles;
      length = breakIndent.length;
    }
    part += piece;
    length++;
  }
  return [...broken, part];
}

/** A terminal, a file or a pipe. */
interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Opens a line on a terminal that shows what is being done; on files and pipes it shows nothing. */
export function openProgressLine(stream: Stream) {
  let timer: NodeJS.Timeout | undefined;
  const write = (text: string) => {
    if (stream.isTTY) {
      // A wrapped line could not be cleared.
      stream.write(`\r\x1b[K${text.slice(0, (stream.columns ?? 80) - 1)}`);
    }
  };
  return {
    /** Shows a text, and redraws it every second. @param textAfter gets the seconds since then */
    show: (textAfter: (seconds: number) => string) => {
      clearInterval(timer);
      const beganMs = performance.now();
      const draw = () => write(textAfter(Math.floor((performance.now() - beganMs) / 1_000)));
      draw();
      timer = setInterval(draw, 1_000).unref();
    },
    clear: () => {
      clearInterval(timer);
      write("");
    },
  };
}
