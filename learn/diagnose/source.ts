import { readFileSync } from "node:fs";
import type { Position } from "./stack.ts";

/** A function that is longer is read no further. */
const longestFunction = 1_000;

const files = new Map<string, readonly string[]>();

/** A file's lines; none when it can't be read. Each file is read once. */
function linesOf(file: string): readonly string[] {
  let lines = files.get(file);
  if (lines === undefined) {
    try {
      lines = readFileSync(file, "utf8").split("\n");
    } catch {
      lines = [];
    }
    files.set(file, lines);
  }
  return lines;
}

/** A line of a file, from 1, without what surrounds it. */
export function textOf(file: string, line: number): string {
  return linesOf(file)[line - 1]?.trim() ?? "";
}

/**
 * The line of a function in which something is called; undefined when there is none. It looks at the
 * text only, so a call in a comment counts too.
 *
 * @param called such as "execSync"
 * @param near which one it is where there are several; the first if undefined
 */
export function findCall(
  file: string,
  begins: Position,
  called: string,
  near: number | undefined,
): number | undefined {
  if (called === "") {
    return undefined;
  }
  const call = new RegExp(`(?<![\\w$])${RegExp.escape(called)}\\s*(<[^()]*>)?\\(`);
  const found = [...functionAt(file, begins)].filter(([, text]) => call.test(text));
  const distance = (line: number) => (near === undefined ? 0 : Math.abs(line - near));
  return found.sort(([a], [b]) => distance(a) - distance(b))[0]?.[0];
}

/** The lines of a function, without what is before it. */
function* functionAt(file: string, begins: Position): Generator<[line: number, text: string]> {
  const lines = linesOf(file).slice(begins.line - 1, begins.line - 1 + longestFunction);
  const [first = "", ...rest] = lines;
  // The body of a module, or a function of which it is not known where it begins.
  const isAll = begins.line === 1 && begins.column === 1;
  yield [begins.line, first.slice(isAll ? 0 : begins.column)];
  for (const [index, text] of rest.entries()) {
    yield [begins.line + 1 + index, text];
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
  return [text.slice(0, column - 1), text.slice(column - 1)];
}
