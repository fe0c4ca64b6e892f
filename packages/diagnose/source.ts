import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { CodeLine } from "./diagnosis.ts";
import { isEvaluated, type Position } from "./stack.ts";

/** Longer functions are searched no further. */
const maxFunctionLines = 1_000;
/** Longer lines are shown in part. */
const maxShownLength = 120;

const files = new Map<string, readonly string[]>();
/** Texts of source maps, whose files need not exist. */
const provided = new Map<string, string>();

/** Sets the text of a file that was compiled, which takes precedence over the file. */
export function provideText(file: string, text: string): void {
  provided.set(file, text);
}

/** Lines of a file, which is read once; none if it cannot be read. */
function linesOf(file: string): readonly string[] {
  let lines = files.get(file);
  if (lines === undefined) {
    lines = textOfFile(file).split("\n");
    files.set(file, lines);
  }
  return lines;
}

/** Text of a file; empty if it cannot be read. */
export function textOfFile(file: string): string {
  try {
    return provided.get(file) ?? readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Whether a line is too long to be shown whole. */
export function isLong(file: string, line: number): boolean {
  return lineOf(file, line).length > maxShownLength;
}

/** Text of a line for people, without its indent. Of a long line 120 characters around the column. */
export function textOf({ file: shown, line, column = 1 }: CodeLine): string {
  // A shown path is relative to the working directory.
  const file = shown.includes("://") || isEvaluated(shown) ? shown : resolve(shown);
  const text = lineOf(file, line);
  if (text.length <= maxShownLength) {
    return text;
  }
  const indent = (linesOf(file)[line - 1]?.trimEnd().length ?? 0) - text.length;
  // One character at each end is for the ellipsis.
  const length = maxShownLength - 2;
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
 * Finds a call in a function by its text, so a call in a comment counts too.
 *
 * @param begins where the function begins
 * @param called name of what is called, such as "execSync"
 * @param near line to which the call should be nearest; the first call by default
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

/** Lines of a function, each with the count of characters that are cut off before it. */
function* functionAt(
  file: string,
  begins: Position,
): Generator<[line: number, text: string, before: number]> {
  const lines = linesOf(file).slice(begins.line - 1, begins.line - 1 + maxFunctionLines);
  const [first = "", ...rest] = lines;
  // The body of a module, or a function whose beginning is unknown.
  const isAll = begins.line === 1 && begins.column === 1;
  const before = isAll ? 0 : begins.column;
  yield [begins.line, first.slice(before), before];
  for (const [index, text] of rest.entries()) {
    yield [begins.line + 1 + index, text, 0];
    // As most code is laid out, a function ends with the next line that is indented no further than its first
    // one. A line that ends its parameters is indented so, too.
    if (!isAll && /^\s*[^\s)]/.test(text) && indentOf(text) <= indentOf(first)) {
      return;
    }
  }
}

function indentOf(text: string): number {
  return text.length - text.trimStart().length;
}

/** Whether the function that begins there is async. */
export function isAsyncFunction(file: string, begins: Position): boolean {
  const [before, after] = around(file, begins);
  // A profile has the position of the parameters, a stack that of the whole function.
  return /^async\b/.test(after) || /\basync\b[\w\s$#*<>,]*$/.test(before);
}

/** Whether the function that begins there is run by a promise or in a later turn of the loop. */
export function isDeferred(file: string, begins: Position): boolean {
  const [before] = around(file, begins);
  return /(\bnew\s+Promise\s*(<.*>)?|\.(then|catch|finally)|\b(setImmediate|queueMicrotask|nextTick))\s*\((async\s*)?(function\s*\w*\s*)?$/.test(
    before,
  );
}

function around(file: string, { line, column }: Position): [before: string, after: string] {
  const text = linesOf(file)[line - 1] ?? "";
  const at = column - 1;
  return [text.slice(Math.max(0, at - maxShownLength), at), text.slice(at, at + maxShownLength)];
}
