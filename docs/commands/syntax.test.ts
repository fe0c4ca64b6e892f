import { existsSync, globSync } from "node:fs";
import { runCommand } from "@unblock/test/cli";
import { describe, expect, test } from "vitest";
import { commandsIn, documents, inlineCommandsIn, read, root } from "../testing/documents.ts";

const { scripts }: { readonly scripts: Readonly<Record<string, string>> } = JSON.parse(
  read("package.json"),
);
const testFiles = globSync("**/*.test.ts", { cwd: root, exclude: ["node_modules"] });
const help = new Map<string, Promise<string>>();

const shown = documents.map((document) => ({
  document,
  commands: [...commandsIn(document), ...inlineCommandsIn(document)],
}));

describe("the commands", () => {
  test.each(shown.filter(({ commands }) => commands.length > 0))(
    "of $document name scripts, flags and files that exist",
    { timeout: 120_000 },
    async ({ commands }) => {
      const problems = await Promise.all(
        commands.map(async (command) =>
          (await problemsOf(command)).map((problem) => `${command}: ${problem}`),
        ),
      );
      expect(problems.flat()).toEqual([]);
    },
  );
});

/** Returns what a command names that does not exist: scripts, flags, files, programs. */
async function problemsOf(command: string): Promise<string[]> {
  const words = command.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? [];
  const [program, ...rest] = words.filter((word) => !/^[A-Z_]+=/.test(word));
  const [first = ""] = rest;
  switch (program) {
    case "npm":
      return npmProblems(rest);
    case "npx":
      return [...missing(`node_modules/.bin/${first}`), ...modulesIn(command).flatMap(missing)];
    case "bash":
      return missing(first);
    default:
      return modulesIn(command).flatMap(missing);
  }
}

async function npmProblems(words: readonly string[]): Promise<string[]> {
  const [first = "", ...rest] = words.filter((word) => word !== "-s");
  if (first === "ci" || first === "cit") {
    return [];
  }
  const name = first === "run" ? rest[0] : first;
  const script = scripts[name ?? ""];
  if (script === undefined) {
    return [`no script ${name}`];
  }
  const args = rest.includes("--") ? rest.slice(rest.indexOf("--") + 1) : [];
  const [, file] = /^exec node (\S+)$/.exec(script) ?? [];
  if (file !== undefined) {
    return unknownFlags(file, args);
  }
  return args
    .filter((arg) => !(arg === "-u" || testFiles.some((test) => test.includes(arg))))
    .map((arg) => `${name} takes no ${arg}`);
}

/** Flags that the help of a command does not have. Without a subcommand it is that of "run". */
async function unknownFlags(file: string, args: readonly string[]): Promise<string[]> {
  const text = await helpOf(file);
  const isSubcommand = (name: string) =>
    /^[a-z]/.test(name) && new RegExp(`^ {2}${name} `, "m").test(text);
  const subcommand = [args[0] ?? "", "run"].find(isSubcommand);
  const words = (subcommand ? await helpOf(file, subcommand) : text).split(/[\s,]+/);
  return args
    .filter((arg) => arg.startsWith("-") && !words.includes(arg))
    .map((flag) => `${file} has no ${flag}`);
}

function helpOf(...args: readonly string[]): Promise<string> {
  const key = args.join(" ");
  const text =
    help.get(key) ??
    runCommand(process.execPath, [...args, "--help"]).then(({ code, stdout, stderr }) => {
      if (code !== 0) {
        throw new Error(`Expected ${key} --help to exit with 0, got ${code}: ${stderr}`);
      }
      return stdout;
    });
  help.set(key, text);
  return text;
}

function modulesIn(command: string): string[] {
  return [...command.matchAll(/[\w-]+(?:\/[\w-]+)*\/[\w.-]+\.ts/g)].map(([path]) => path);
}

function missing(path: string): string[] {
  return existsSync(root + path) ? [] : [`no file ${path}`];
}
