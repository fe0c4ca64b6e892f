import { Command, InvalidArgumentError } from "commander";
import { wholeNumber } from "../../cli/arguments.ts";
import { fail } from "../../cli/fail.ts";
import { describeMachine } from "../../machine/quiet.ts";
import { findGoTool } from "../../tools/go-tool.ts";
import { type Bench, type Finding, isReached, type PartName, partNames } from "./bench.ts";
import { measureBurst } from "./burst.ts";
import { ghzTool } from "./ghz.ts";
import { measureMemory } from "./memory.ts";
import { createPinning } from "./pinning.ts";
import { becomeQuiet, TooBusyError } from "./quiet.ts";
import { measureStalled } from "./stalled.ts";
import { measureSteady } from "./steady.ts";
import { createSteps } from "./steps.ts";
import { renderTable, toJson } from "./table.ts";
import { measureThroughput } from "./throughput.ts";

const help = `
Parts:
  throughput  calls per second beside ghz's, against two servers (three minutes)
  burst       100 calls of 10 ms at once (seconds)
  stalled     a server that stalls twice: what is said of it, and the truth (half a minute)
  steady      2,000 calls a second for 30 s
  memory      ten million calls beside a hundred thousand (six minutes)

Examples:
  npm run bench -- load
  npm run bench -- load --only throughput,burst
  npm run -s bench -- load --json > bench.json

Exits with 0 when all is reached, 2 when something is not, 1 when it could not run, and 3 when the
machine was too busy to tell.`;

const measures: Readonly<Record<PartName, (bench: Bench) => Promise<Finding[]>>> = {
  throughput: measureThroughput,
  burst: measureBurst,
  stalled: measureStalled,
  steady: measureSteady,
  memory: measureMemory,
};

interface Flags {
  readonly only?: readonly PartName[];
  readonly runs: number;
  readonly json?: boolean;
}

export function createLoadCommand(): Command {
  return new Command("load")
    .description("Measures the load client beside ghz, and against what is to be reached.")
    .option("--only <parts>", "only these, such as throughput,burst", parsePartNames, [
      ...partNames,
    ])
    .option("--runs <n>", "how often each is measured; the median counts", wholeNumber(1, 100), 5)
    .option("--json", "print the result as JSON, and nothing else")
    .addHelpText("after", help)
    .allowExcessArguments(false)
    .action(runLoadBench);
}

async function runLoadBench({ only = partNames, runs, json }: Flags): Promise<void> {
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
    const { findings, tooBusy } = await measureParts(only, { pinning, ghz, runs, step });
    steps.done();
    const surroundings = {
      ...describeMachine(),
      ghz: ghzTool.version,
      pinned: pinning.missing === undefined,
    };
    if (json) {
      process.stdout.write(`${JSON.stringify(toJson(surroundings, findings))}\n`);
    } else if (findings.length > 0) {
      process.stdout.write(renderTable(surroundings, findings));
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
  only: readonly PartName[],
  bench: Bench,
): Promise<{ findings: Finding[]; tooBusy: TooBusyError | undefined }> {
  const findings: Finding[] = [];
  for (const part of partNames.filter((name) => only.includes(name))) {
    try {
      findings.push(...(await measures[part](bench)));
    } catch (error) {
      if (error instanceof TooBusyError) {
        return { findings, tooBusy: error };
      }
      throw error;
    }
  }
  return { findings, tooBusy: undefined };
}

export function parsePartNames(text: string): PartName[] {
  return text.split(",").map((part) => {
    const found = partNames.find((name) => name === part.trim());
    if (found === undefined) {
      throw new InvalidArgumentError(`Expected parts of ${partNames.join(", ")}, got "${part}".`);
    }
    return found;
  });
}
