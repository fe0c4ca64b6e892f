import { Command, InvalidArgumentError } from "commander";
import { wholeNumber } from "../../cli/arguments.ts";
import { fail } from "../../cli/fail.ts";
import { describeMachine } from "../../machine/quiet.ts";
import { findGoTool } from "../../tools/go-tool.ts";
import { type Bench, type Finding, isReached, type Measure } from "./bench.ts";
import { ghzTool } from "./ghz.ts";
import { createPinning } from "./pinning.ts";
import { becomeQuiet, TooBusyError } from "./quiet.ts";
import { createSteps } from "./steps.ts";
import { renderTable, toJson } from "./table.ts";

/** A bench as people call it. */
export interface BenchCommand {
  readonly name: string;
  readonly description: string;
  /** What is measured, such as "unblock's load client": the table begins with it. */
  readonly title: string;
  readonly parts: Readonly<Record<string, Part>>;
}

export interface Part {
  /** For `--help`; ends with how long it takes. */
  readonly about: string;
  readonly measure: Measure;
}

interface Flags {
  readonly only: readonly string[];
  readonly runs: number;
  readonly json?: boolean;
}

export function createBenchCommand(bench: BenchCommand): Command {
  const names = Object.keys(bench.parts);
  return new Command(bench.name)
    .description(bench.description)
    .option(
      "--only <parts>",
      `only these, such as ${names.slice(0, 2).join(",")}`,
      (text) => parsePartNames(text, names),
      names,
    )
    .option("--runs <n>", "how often each is measured; the median counts", wholeNumber(1, 100), 5)
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

Exits with 0 when all is reached, 2 when something is not, 1 when it could not run, and 3 when the
machine was too busy to tell.`;
}

async function run({ title, parts }: BenchCommand, { only, runs, json }: Flags): Promise<void> {
  const steps = createSteps();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      steps.done();
      fail(`${signal}: stopped before the end, nothing to report`);
    });
  }
  try {
    const pinning = createPinning();
    if (pinning.missing !== undefined) {
      steps.say(`not pinned to cores: ${pinning.missing}`);
    }
    const ghz = await findGoTool(ghzTool, () =>
      steps.say(`installing ghz ${ghzTool.version} into tools/.bin`),
    );
    const step = async (what: string) => {
      await becomeQuiet(steps.say);
      steps.say(what);
    };
    const wanted = Object.entries(parts).filter(([name]) => only.includes(name));
    const { findings, tooBusy } = await measureParts(
      wanted.map(([, { measure }]) => measure),
      { pinning, ghz, runs, step },
    );
    steps.done();
    const surroundings = {
      ...describeMachine(),
      ghz: ghzTool.version,
      pinned: pinning.missing === undefined,
    };
    if (json) {
      process.stdout.write(`${JSON.stringify(toJson(surroundings, findings))}\n`);
    } else if (findings.length > 0) {
      process.stdout.write(renderTable(title, surroundings, findings));
    }
    if (tooBusy) {
      process.stderr.write(`${tooBusy.message}\n`);
      process.exitCode = 3;
    } else {
      process.exitCode = findings.every(isReached) ? 0 : 2;
    }
  } catch (error) {
    steps.done();
    fail(error);
  }
}

/** Measures part after part, until the machine gets too busy. */
async function measureParts(
  measures: readonly Measure[],
  bench: Bench,
): Promise<{ findings: Finding[]; tooBusy: TooBusyError | undefined }> {
  const findings: Finding[] = [];
  for (const measure of measures) {
    try {
      findings.push(...(await measure(bench)));
    } catch (error) {
      if (error instanceof TooBusyError) {
        return { findings, tooBusy: error };
      }
      throw error;
    }
  }
  return { findings, tooBusy: undefined };
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
