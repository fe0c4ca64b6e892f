import { availableParallelism } from "node:os";
import { waitForQuiet } from "@unblock/measure/disturbance";
import { wholeNumber } from "@unblock/terminal/arguments";
import { findGoTool } from "@unblock/terminal/go-tool";
import { fail } from "@unblock/terminal/process";
import { Command, InvalidArgumentError } from "commander";
import { type Bench, type Finding, isReached, type Measure, renderTable, toJson } from "./bench.ts";
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
  const steps = createSteps();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      steps.done();
      fail(`${signal}: stopped before the end, nothing to report`);
    });
  }
  const { say } = steps;
  const pinning = createPinning();
  const isPinned = pinning.missing === undefined;
  if (!isPinned) {
    say(`not pinned to cores: ${pinning.missing}`);
  }
  const ghz = () =>
    findGoTool(ghzTool, () => say(`installing ghz ${ghzTool.version} into .unblock/bin`));
  const step = async (what: string) => {
    await becomeQuiet(say);
    say(what);
  };
  const wanted = Object.entries(parts).filter(([name]) => only.includes(name));
  const { findings, problem } = await measureParts(
    wanted.map(([, { measure }]) => measure),
    { pinning, ghz, runs, step, say },
  );
  steps.done();
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
    process.stderr.write(`${problem.message}\n`);
    process.exitCode = 3;
  } else if (problem !== undefined) {
    fail(problem);
  } else {
    process.exitCode = findings.every(isReached) ? 0 : 2;
  }
}

/** Measures part after part, until one of them fails or the machine becomes too busy. */
async function measureParts(
  measures: readonly Measure[],
  bench: Bench,
): Promise<{ findings: Finding[]; problem?: unknown }> {
  const findings: Finding[] = [];
  try {
    for (const measure of measures) {
      findings.push(...(await measure(bench)));
    }
    return { findings };
  } catch (problem) {
    return { findings, problem };
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

/** Progress on standard error. */
interface Steps {
  say(what: string): void;
  /** Ends the last step. */
  done(): void;
}

/** On a terminal, one line that counts the seconds; otherwise one line per step. */
function createSteps(): Steps {
  const stream = process.stderr;
  if (!stream.isTTY) {
    return { say: (what) => stream.write(`${what}\n`), done: () => {} };
  }
  let timer: NodeJS.Timeout | undefined;
  const done = () => {
    clearInterval(timer);
    stream.write("\r\x1b[K");
  };
  return {
    say: (what) => {
      done();
      stream.write(what);
      let seconds = 0;
      timer = setInterval(() => {
        seconds++;
        stream.write(`\r\x1b[K${what} (${seconds} s)`);
      }, 1_000);
    },
    done,
  };
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
