import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { provideText } from "./source.ts";
import { shownPath } from "./stack.ts";

/** Commands that start Node themselves. */
const starters = new Set(["node", "npm", "npx", "pnpm", "yarn", "tsx", "ts-node", "nodemon"]);
/** Node's flags for code on the command line. */
const codeFlags = /^(-e|--eval(=.*)?|-p|--print(=.*)?|-pe)$/;

/** A program's file, or why there is none and what to do. */
export type Program = { readonly file: string } | { readonly problem: string };

/**
 * Finds the file of a program as Node does, also without its extension or by a directory's package.json. With
 * `--import` Node itself accepts only the file.
 *
 * @param given argument on the command line
 * @param diagnose path of this command for messages, such as "./packages/diagnose/main.ts"
 */
export function findProgram(given: string, diagnose: string): Program {
  if (given === "-" || codeFlags.test(given)) {
    const what = given === "-" ? "standard input (-)" : `code (${given})`;
    const code = given === "-" ? "-" : `${given} '…'`;
    return { problem: `${expected}, got ${what}; use: node --import ${diagnose} ${code}` };
  }
  if (given.startsWith("-")) {
    const order = `node ${given} ${diagnose} app.js`;
    return { problem: `${expected}, got the flag ${given}; Node's own flags come first: ${order}` };
  }
  const kind = kindOf(given);
  if (kind === "file") {
    return { file: given };
  }
  const file = resolved(given);
  if (file !== undefined) {
    return { file };
  }
  if (kind === "missing" && starters.has(given)) {
    const use = `NODE_OPTIONS='--import "${resolve(diagnose)}"' ${given} …`;
    return { problem: `${expected}, got the command ${given}; use: ${use}` };
  }
  return { problem: `${expected}, got "${given}", ${problems[kind]()}` };
}

const expected = "expected a program's file, such as app.js";

const problems = {
  missing: () => `which does not exist in ${process.cwd()}; check the path`,
  directory: () => "which is a directory with no index.js; name the file that starts the program",
} as const;

function resolved(given: string): string | undefined {
  try {
    return createRequire(resolve("from-here")).resolve(resolve(given));
  } catch {
    return undefined;
  }
}

function kindOf(path: string): "file" | keyof typeof problems {
  try {
    return statSync(path).isDirectory() ? "directory" : "file";
  } catch {
    return "missing";
  }
}

/** Makes the code of `node -e` known, whose lines are in no file. */
export function provideEvaluatedCode(): void {
  const at = process.execArgv.findIndex((argument) => codeFlags.test(argument));
  const flag = process.execArgv[at] ?? "";
  const code = flag.includes("=") ? flag.slice(flag.indexOf("=") + 1) : process.execArgv[at + 1];
  if (flag !== "" && code !== undefined) {
    provideText("[eval]", code);
  }
}

/** Name for people of the program that Node runs in this process. */
export function programName(): string {
  const [, program] = process.argv;
  const flag = process.execArgv.find((argument) => codeFlags.test(argument));
  if (flag !== undefined) {
    return `code of ${flag}`;
  }
  return program === undefined || program === "-" ? "standard input" : shownPath(program);
}
