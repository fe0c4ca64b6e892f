import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { HarnessTrouble, type LearnerFault, tampering } from "./faults.ts";
import { fail, failOf, inconclusive, type Outcome, pass } from "./report.ts";

/**
 * Can the file be loaded, and are its types right?
 *
 * @param file as people read it
 * @param fault why it could not be loaded; undefined when it was
 * @param problems what the compiler says; undefined when it could not be run
 * @param unchecked where the file uses the type any
 */
export function checkLoads(
  file: string,
  fault: LearnerFault | HarnessTrouble | undefined,
  problems: readonly TypeProblem[] | undefined,
  unchecked: readonly Unchecked[],
): Outcome {
  const order = problems?.find(({ isOrder }) => isOrder);
  if (order !== undefined) {
    return failOf(file, tampering(order.text, order.line));
  }
  const [first, ...others] = problems ?? [];
  // The compiler knows the line of what keeps a file from being read at all.
  if (first !== undefined && !(fault instanceof HarnessTrouble)) {
    const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
    return fail(`${file}:${first.line}: ${first.text}${more}`);
  }
  if (fault instanceof HarnessTrouble) {
    return inconclusive(fault.message);
  }
  if (fault !== undefined) {
    return failOf(file, fault);
  }
  return problems === undefined
    ? inconclusive("it loads; whether its types are right could not be told: tsc did not run")
    : pass(`it loads, and its types are right${describeAny(unchecked)}`);
}

/** What the compiler can't see is said, though it is no mistake. */
function describeAny([first]: readonly Unchecked[]): string {
  return first === undefined
    ? ""
    : `, as far as they are known: line ${first.line} says any, and what has that type goes unchecked`;
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const compiler = join(root, "node_modules/typescript/bin/tsc");
/** Longer, and it is not the file's fault, in milliseconds. */
const limitMs = 60_000;
const mostOutputBytes = 10_000_000;

/** What the compiler says of a file, or what keeps it from saying something. */
export interface TypeProblem {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** Whether the file tells the compiler to look away. */
  readonly isOrder?: true;
}

/** By the files' paths, as they were given; undefined when the compiler could not be run. */
export type TypeProblems = ReadonlyMap<string, readonly TypeProblem[]> | undefined;

/** Checks the types of files as strictly as the project's own. */
export async function checkTypes(files: readonly string[]): Promise<TypeProblems> {
  const output = await run(files);
  if (output === undefined) {
    return undefined;
  }
  const problems = parseProblems(output, files, root);
  return new Map(files.map((file) => [file, [...ordersIn(file), ...(problems.get(file) ?? [])]]));
}

function ordersIn(file: string): readonly TypeProblem[] {
  return findOrders(readSource(file)).map(({ line, what }) => ({
    line,
    text: `${what} switches the type check off, which is part of the check`,
    isOrder: true,
  }));
}

/** A file that can't be read is told of when it is loaded. */
export function readSource(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** The project's options as flags: whoever is killed then leaves no file of his own. */
function projectOptions(): readonly string[] {
  const { compilerOptions } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8"));
  return Object.entries(compilerOptions).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

function run(files: readonly string[]): Promise<string | undefined> {
  const { promise, resolve: done } = Promise.withResolvers<string | undefined>();
  const args = [compiler, "--ignoreConfig", ...projectOptions(), "--pretty", "false", ...files];
  const options = { cwd: root, timeout: limitMs, maxBuffer: mostOutputBytes };
  execFile(process.execPath, args, options, (error, stdout) => {
    // It exits with 1 or 2 when it has found something, and says it on standard output.
    const hasRun = error === null || (typeof error.code === "number" && stdout !== "");
    done(hasRun ? stdout : undefined);
  });
  return promise;
}

/**
 * Reads the compiler's lines, such as `a.ts(3,7): error TS2322: Type 'string' is not …`, whose further
 * lines are indented.
 *
 * @param from what relative paths are relative to
 */
export function parseProblems(
  output: string,
  files: readonly string[],
  from: string,
): ReadonlyMap<string, readonly TypeProblem[]> {
  const problems = new Map<string, TypeProblem[]>(files.map((file) => [file, []]));
  for (const line of output.split("\n")) {
    const [, path = "", at = "", text = ""] =
      /^(.+?)\((\d+),\d+\): error TS\d+: (.*)$/.exec(line) ?? [];
    const file = files.find((one) => one === resolve(from, path));
    if (file !== undefined) {
      problems.get(file)?.push({ line: Number(at), text });
    }
  }
  return problems;
}

/** Where a file switches the type check off. */
export interface Unchecked {
  /** From 1. */
  readonly line: number;
  /** Such as "@ts-expect-error", or "any". */
  readonly what: string;
}

/** What TypeScript takes for an order not to check, in a comment. */
const order = /(?:\/\/|\/\*|^\s*\*)\s*(@ts-(?:nocheck|ignore|expect-error))\b/;
/** The type any, and not a name such as in AbortSignal.any or { any: 1 }. */
const anyType = /(?:[:<|&,=(]|\b(?:as|extends|satisfies|is))\s*any\b(?!\s*[:(.?])/;
/** What is no code: comments, and texts in quotes. */
const noCode = /\/\/.*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;

/** Orders not to check a line, or the file. */
export function findOrders(source: string): readonly Unchecked[] {
  return find(source, (line) => order.exec(line)?.[1]);
}

/** Values whose type is any: whatever is done with them goes unchecked. */
export function findAny(source: string): readonly Unchecked[] {
  const code = source.replace(noCode, (text) => text.replace(/[^\n]/g, " "));
  return find(code, (line) => (anyType.test(line) ? "any" : undefined));
}

function find(source: string, look: (line: string) => string | undefined): readonly Unchecked[] {
  return source.split("\n").flatMap((text, index) => {
    const what = look(text);
    return what === undefined ? [] : [{ line: index + 1, what }];
  });
}
