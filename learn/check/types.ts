import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findOrders } from "./unchecked-types.ts";

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
