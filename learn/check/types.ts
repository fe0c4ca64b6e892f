import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const compiler = join(root, "node_modules/typescript/bin/tsc");
/** Inside node_modules, so that the compiler finds the project's types from there. */
const folder = join(root, "node_modules/.cache/unblock");
/** Longer, and it is not the file's fault, in milliseconds. */
const limitMs = 60_000;
const mostOutputBytes = 10_000_000;

/** What the compiler says of a file. */
export interface TypeProblem {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** By the files' paths, as they were given; undefined when the compiler could not be run. */
export type TypeProblems = ReadonlyMap<string, readonly TypeProblem[]> | undefined;

/** Checks the types of files as strictly as the project's own. */
export async function checkTypes(files: readonly string[]): Promise<TypeProblems> {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, `tsconfig.${process.pid}-${performance.now()}.json`);
  const options = { extends: join(root, "tsconfig.json"), files, include: [] };
  writeFileSync(config, JSON.stringify(options));
  try {
    const output = await run(config);
    return output === undefined ? undefined : parseProblems(output, files, root);
  } finally {
    rmSync(config);
  }
}

function run(config: string): Promise<string | undefined> {
  const { promise, resolve: done } = Promise.withResolvers<string | undefined>();
  const args = [compiler, "--project", config, "--noEmit", "--pretty", "false"];
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
