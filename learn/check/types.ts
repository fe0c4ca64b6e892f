import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { HarnessTrouble, type LearnerFault, tampering } from "./faults.ts";
import { fail, failOf, inconclusive, type Outcome, pass } from "./result.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const compiler = join(root, "node_modules/typescript/bin/tsc");
/** A longer run is not the file's fault. */
const limitMs = 60_000;
const maxOutputBytes = 10_000_000;

/** An error of the compiler, or a directive that suppresses errors. */
export interface TypeProblem {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  readonly isDirective?: true;
}

/** Problems by the files' paths, as they were given; undefined when the compiler could not run. */
export type TypeProblems = ReadonlyMap<string, readonly TypeProblem[]> | undefined;

/** A comment that TypeScript takes as a directive not to check. */
const directive = /(?:\/\/|\/\*|^\s*\*)\s*(@ts-(?:nocheck|ignore|expect-error))\b/;
/** The type any, and not a name as in AbortSignal.any or { any: 1 }. */
const anyType = /(?:[:<|&,=(]|\b(?:as|extends|satisfies|is))\s*any\b(?!\s*[:(.?])/;
/** Comments and quoted strings. */
const noCode = /\/\/.*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;

/** Checks the types of files with the project's own compiler options. */
export async function checkTypes(files: readonly string[]): Promise<TypeProblems> {
  const output = await compile(files);
  if (output === undefined) {
    return undefined;
  }
  const problems = parseProblems(output, files, root);
  const directivesIn = (file: string) =>
    findDirectives(readSource(file)).map(({ line, what }) => ({
      line,
      text: `${what} switches the type check off, which is part of the check`,
      isDirective: true as const,
    }));
  return new Map(
    files.map((file) => [file, [...directivesIn(file), ...(problems.get(file) ?? [])]]),
  );
}

/** Returns "" for a file that can't be read, which fails when it is imported. */
export function readSource(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Runs the compiler with the project's options as flags: a killed check leaves no file behind. */
function compile(files: readonly string[]): Promise<string | undefined> {
  const { compilerOptions } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8"));
  const flags = Object.entries(compilerOptions).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ]);
  const { promise, resolve: done } = Promise.withResolvers<string | undefined>();
  const args = [compiler, "--ignoreConfig", ...flags, "--pretty", "false", ...files];
  const options = { cwd: root, timeout: limitMs, maxBuffer: maxOutputBytes };
  execFile(process.execPath, args, options, (error, stdout) => {
    // It exits with 1 or 2 after printing what it found to standard output.
    const hasRun = error === null || (typeof error.code === "number" && stdout !== "");
    done(hasRun ? stdout : undefined);
  });
  return promise;
}

/**
 * Parses the compiler's lines, such as `a.ts(3,7): error TS2322: Type 'string' is not …`; continuation
 * lines are indented.
 *
 * @param from base of relative paths
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

/** Finds directives not to check a line, or the file. */
export function findDirectives(source: string) {
  return find(source, (line) => directive.exec(line)?.[1]);
}

/** Finds uses of the type any, whose values go unchecked. */
export function findAny(source: string) {
  const code = source.replace(noCode, (text) => text.replace(/[^\n]/g, " "));
  return find(code, (line) => (anyType.test(line) ? "any" : undefined));
}

/** @returns the lines that match, from 1, and what was found there */
function find(source: string, match: (line: string) => string | undefined) {
  return source.split("\n").flatMap((text, index) => {
    const what = match(text);
    return what === undefined ? [] : [{ line: index + 1, what }];
  });
}

/**
 * Can the file be loaded, and are its types right?
 *
 * @param file as shown to people
 * @param fault why it could not be loaded; undefined when it was
 * @param problems of the compiler; undefined when it could not run
 * @param unchecked uses of the type any
 */
export function checkLoads(
  file: string,
  fault: LearnerFault | HarnessTrouble | undefined,
  problems: readonly TypeProblem[] | undefined,
  [firstAny]: ReturnType<typeof findAny>,
): Outcome {
  const suppressed = problems?.find(({ isDirective }) => isDirective);
  if (suppressed !== undefined) {
    return failOf(file, tampering(suppressed.text, suppressed.line));
  }
  const [first, ...others] = problems ?? [];
  // Of a syntax error only the compiler knows the line.
  if (first !== undefined && !(fault instanceof HarnessTrouble)) {
    const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
    const message = `${file}:${first.line}: ${first.text}${more}`;
    return fail(message, {
      name: "type-error",
      finding: `${message}.`,
      line: { file, line: first.line, what: "your code" },
      nextStep:
        "Correct what the compiler reports there: the types show what a handler is given and what it owes.",
      numbers: {},
    });
  }
  if (fault instanceof HarnessTrouble) {
    return inconclusive(fault.message);
  }
  if (fault !== undefined) {
    return failOf(file, fault);
  }
  if (problems === undefined) {
    return inconclusive("it loads; tsc did not run, so its types could not be checked");
  }
  const except =
    firstAny === undefined
      ? ""
      : `, as far as they are known: line ${firstAny.line} says any, and what has that type goes unchecked`;
  return pass(`it loads, and its types are right${except}`);
}
