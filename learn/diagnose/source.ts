import { readFileSync } from "node:fs";
import type { Position } from "./stack.ts";

/** A function that is longer is read no further. */
const longestFunction = 1_000;

/** A longer line is shown in part, and looked at no further around a place, in characters. */
const longestShown = 120;

const files = new Map<string, readonly string[]>();
/** What a source map says is in files that may not be there. */
const provided = new Map<string, string>();

/** Gives the text of a file that was compiled, which counts more than what is in its place by now. */
export function provideText(file: string, text: string): void {
  provided.set(file, text);
}

/** A file's lines; none when it can't be read. Each file is read once. */
function linesOf(file: string): readonly string[] {
  let lines = files.get(file);
  if (lines === undefined) {
    lines = textOfFile(file).split("\n");
    files.set(file, lines);
  }
  return lines;
}

/** Empty when it can't be read. */
export function textOfFile(file: string): string {
  try {
    return provided.get(file) ?? readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Whether a line is too long to be shown whole. */
export function isLong(file: string, line: number): boolean {
  return lineOf(file, line).length > longestShown;
}

/**
 * A line of a file, from 1, without what surrounds it, for people. Of a long one at most 120 characters.
 *
 * @param column what must be among these, from 1; the line's begin if undefined
 */
export function textOf(file: string, line: number, column = 1): string {
  const text = lineOf(file, line);
  if (text.length <= longestShown) {
    return text;
  }
  const indent = (linesOf(file)[line - 1]?.trimEnd().length ?? 0) - text.length;
  // One at each end is for the mark that the line goes on there.
  const length = longestShown - 2;
  const wanted = column - 1 - indent - Math.floor(length / 3);
  const begin = Math.max(0, Math.min(wanted, text.length - length));
  const end = begin + length;
  const part = text
    .slice(begin, end)
    .toWellFormed()
    .replace(/\p{Cc}/gu, " ");
  return `${begin > 0 ? "…" : ""}${part}${end < text.length ? "…" : ""}`;
}

function lineOf(file: string, line: number): string {
  return linesOf(file)[line - 1]?.trim() ?? "";
}

/**
 * Where in a function something is called; undefined when there is none. It looks at the text
 * only, so a call in a comment counts too.
 *
 * @param called such as "execSync"
 * @param near which one it is where there are several; the first if undefined
 */
export function findCall(
  file: string,
  begins: Position,
  called: string,
  near: number | undefined,
): Position | undefined {
  if (called === "") {
    return undefined;
  }
  const call = new RegExp(`(?<![\\w$])${RegExp.escape(called)}\\s*(<[^()]*>)?\\(`);
  const found = [...functionAt(file, begins)].flatMap(([line, text, before]) => {
    const at = call.exec(text)?.index;
    return at === undefined ? [] : [{ line, column: before + at + 1 }];
  });
  const distance = ({ line }: Position) => (near === undefined ? 0 : Math.abs(line - near));
  return found.sort((a, b) => distance(a) - distance(b))[0];
}

/** The lines of a function, without what is before it; each with how much of it that is. */
function* functionAt(
  file: string,
  begins: Position,
): Generator<[line: number, text: string, before: number]> {
  const lines = linesOf(file).slice(begins.line - 1, begins.line - 1 + longestFunction);
  const [first = "", ...rest] = lines;
  // The body of a module, or a function of which it is not known where it begins.
  const isAll = begins.line === 1 && begins.column === 1;
  const before = isAll ? 0 : begins.column;
  yield [begins.line, first.slice(before), before];
  for (const [index, text] of rest.entries()) {
    yield [begins.line + 1 + index, text, 0];
    // It ends with the first line that stands as far left as its own, if it is laid out as most are; a
    // line with the end of its parameters may stand there too.
    if (!isAll && /^\s*[^\s)]/.test(text) && indentOf(text) <= indentOf(first)) {
      return;
    }
  }
}

function indentOf(text: string): number {
  return text.length - text.trimStart().length;
}

/** Whether the function that begins there is an async one. */
export function isAsyncFunction(file: string, begins: Position): boolean {
  const [before, after] = around(file, begins);
  // A profile says where the parameters begin, a stack where the whole function does.
  return /^async\b/.test(after) || /\basync\b[\w\s$#*<>,]*$/.test(before);
}

/** Whether the function that begins there was handed to a promise, or put off to a later turn. */
export function isPutOff(file: string, begins: Position): boolean {
  const [before] = around(file, begins);
  return /(\bnew\s+Promise\s*(<.*>)?|\.(then|catch|finally)|\b(setImmediate|queueMicrotask|nextTick))\s*\((async\s*)?(function\s*\w*\s*)?$/.test(
    before,
  );
}

function around(file: string, { line, column }: Position): [before: string, after: string] {
  const text = linesOf(file)[line - 1] ?? "";
  const at = column - 1;
  return [text.slice(Math.max(0, at - longestShown), at), text.slice(at, at + longestShown)];
}
