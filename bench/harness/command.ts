import { availableParallelism } from "node:os";
import { waitForQuiet } from "@unblock/measure/disturbance";
import { wholeNumber } from "@unblock/terminal/arguments";
import { findGoTool } from "@unblock/terminal/go-tool";
import { fail } from "@unblock/terminal/process";
import { openProgressLine } from "@unblock/terminal/text";
import { Command, InvalidArgumentError } from "commander";
import { isReached, type Measure, type NamedFinding, renderTable, toJson } from "./bench.ts";
import { ghzTool } from "./clients.ts";
import { createPinning } from "./processes.ts";

/** A bench as a subcommand of `npm run bench`. */
export interface BenchCommand {
  readonly name: string;
  readonly description: string;
  /** What is measured, such as "unblock's load client": the start of the table's heading. */
  readonly title: string;
  readonly parts: Readonly<Record<string, Part>>;
}

export interface Part {
  /** Text of `--help`, with the duration at its end. */
  readonly about: string;
  readonly measure: Measure;
}

interface Flags {
  readonly only: readonly string[];
  readonly runs: number;
  readonly json?: boolean;
}

/** Other programs kept the machine too busy to measure. */
class TooBusyError extends Error {
  override readonly name = "TooBusyError";
}

export function createBenchCommand(bench: BenchCommand): Command {
  const names = Object.keys(bench.parts);
  return new Command(bench.name)
    .description(bench.description)
    .option(
      "--only <parts>",
      `only these parts, such as ${names.slice(0, 2).join(",")}`,
      (text) => parsePartNames(text, names),
      names,
    )
    .option("--runs <n>", "measurements per peer; their median counts", wholeNumber(1, 100), 5)
    .option("--json", "print the result as JSON, and nothing else")
    .addHelpText("after", helpOf(bench))
    .allowExcessArguments(false)
    .action((flags: Flags) => run(bench, flags));
}

function helpOf({ name, parts }: BenchCommand): string {
  const width = Math.max(...Object.keys(parts).map((part) => part.length));
  const lines = Object.entries(parts).map(
    ([part, { about }]) => `  ${part.padEnd(width)}  ${about}`,
  );
  return `
Parts:
${lines.join("\n")}

Examples:
  npm run bench -- ${name}
  npm run bench -- ${name} --only ${Object.keys(parts)[0]}
  npm run -s bench -- ${name} --json > bench.json

Exit codes: 0 every target was reached; 1 could not run; 2 a target was missed;
3 the machine was too busy to measure.`;
}

async function run({ title, parts }: BenchCommand, { only, runs, json }: Flags): Promise<void> {
  const stream = process.stderr;
  const line = openProgressLine(stream);
  const say = (what: string) => {
    if (stream.isTTY) {
      line.show((seconds) => (seconds === 0 ? what : `${what} (${seconds} s)`));
    } else {
      stream.write(`${what}\n`);
    }
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      line.clear();
      fail(`${signal}: stopped before the end, nothing to report`);
    });
  }
  const pinning = createPinning();
  const isPinned = pinning.missing === undefined;
  if (!isPinned) {
    say(`not pinned to cores: ${pinning.missing}`);
  }
  const ghz = () =>
    findGoTool(ghzTool, () => say(`installing ghz ${ghzTool.version} into .unblock/bin`));
  const findings: NamedFinding[] = [];
  let problem: unknown;
  try {
    for (const [part, { measure }] of Object.entries(parts)) {
      if (only.includes(part)) {
        const sayStep = (what: string) => say(`${part}: ${what}`);
        const step = async (what: string) => {
          await becomeQuiet(say);
          sayStep(what);
        };
        const found = await measure({ pinning, ghz, runs, step, say: sayStep });
        findings.push(...[found].flat().map((finding) => ({ part, ...finding })));
      }
    }
  } catch (error) {
    problem = error;
  }
  line.clear();
  const environment = {
    cores: availableParallelism(),
    node: process.version,
    ghz: ghzTool.version,
    pinned: isPinned,
  };
  if (json) {
    process.stdout.write(`${JSON.stringify(toJson(environment, findings))}\n`);
  } else if (findings.length > 0) {
    process.stdout.write(renderTable(title, environment, findings));
  }
  if (problem instanceof TooBusyError) {
    stream.write(`${problem.message}\n`);
    process.exitCode = 3;
  } else if (problem !== undefined) {
    fail(problem);
  } else {
    process.exitCode = findings.every(isReached) ? 0 : 2;
  }
}

async function becomeQuiet(say: (what: string) => void): Promise<void> {
  const busyCores = await waitForQuiet((busy) =>
    say(`waiting: other programs keep ${busy.toFixed(1)} cores busy`),
  );
  if (busyCores !== undefined) {
    throw new TooBusyError(
      `The machine is too busy to measure: other programs keep ${busyCores.toFixed(1)} cores busy. ` +
        "Stop them, or try again later.",
    );
  }
}

export function parsePartNames(text: string, names: readonly string[]): string[] {
  return text.split(",").map((part) => {
    const found = names.find((name) => name === part.trim());
    if (found === undefined) {
      throw new InvalidArgumentError(`Expected parts of ${names.join(", ")}, got "${part}".`);
    }
    return found;
  });
}
