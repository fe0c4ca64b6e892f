/**
 * `npm run check:author`: does the check distinguish right from wrong on a busy machine? Every stub has to
 * fail as a stub, every right answer to pass, and every wrong one to fail by its name, while a program
 * takes a core at times. A verdict may be INCONCLUSIVE there, but not too often.
 */

import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { fail } from "@unblock/terminal/process";
import { Command, InvalidArgumentError } from "commander";
import { shown } from "../../workspace.ts";
import { checkExercise } from "../check-exercise.ts";
import type { Verdict } from "../result.ts";
import { checkTypes, type TypeProblems } from "../types.ts";
import { findSubjects, type Judgement, type Subject } from "./subjects.ts";

const example = `
Examples:
  npm run check:author -- get-user get-config/wrong/four
  npm run check:author -- --part 2/3
  npm run -s check:author -- --json > author.json

Exit codes: 0 when everything is as expected, 2 when something is not or more than a third is
INCONCLUSIVE.`;

const exercisesFolder = fileURLToPath(new URL("../../../exercises/", import.meta.url));
const hogProgram = fileURLToPath(new URL(import.meta.resolve("@unblock/test/hog")));

type Kind = Judgement["kind"];

/** One of several parts, from 1. */
interface Part {
  readonly number: number;
  readonly of: number;
}

/** Concurrent checks, which wait most of the time. */
const lanes = 2;
/** Share of INCONCLUSIVE verdicts above which the author's check fails. */
const maxInconclusive = 1 / 3;

const marks: Readonly<Record<Kind, string>> = {
  expected: "ok  ",
  inconclusive: "?   ",
  unexpected: "FAIL",
};

const command = new Command("npm run check:author --")
  .description("Check the check: stubs, right and wrong answers, while a core is busy at times.")
  .argument("[names...]", "only files whose paths in exercises/ begin with these, such as get-user")
  .option(
    "--part <n/m>",
    "only the nth of m parts, such as 2/3, each with some of every exercise",
    part,
  )
  .option("--json", "print only the result, as JSON")
  .addHelpText("after", example)
  .parse();
const { json, part: asked } = command.opts<{ readonly json?: boolean; readonly part?: Part }>();

process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
try {
  const subjects = findSubjects().filter(isNamed).filter(isInPart);
  const judged = await judgeAll(subjects);
  process.stdout.write(json ? `${JSON.stringify({ files: judged })}\n` : `${summary(judged)}\n`);
  process.exitCode = count(judged, "unexpected") > 0 || isTooInconclusive(judged) ? 2 : 0;
} catch (error) {
  fail(error);
}

function isNamed({ file }: Subject): boolean {
  return command.args.length === 0 || command.args.some((path) => nameOf(file).startsWith(path));
}

/** Path in the folder of the exercises, such as "get-user/wrong/one-at-a-time.ts". */
function nameOf(file: string): string {
  return relative(exercisesFolder, file);
}

function isInPart(_: Subject, index: number): boolean {
  return asked === undefined || index % asked.of === asked.number - 1;
}

interface Judged extends Pick<Judgement, "problem"> {
  readonly file: string;
  readonly judgement: Kind;
  readonly verdict: Verdict;
  readonly diagnoses: readonly string[];
}

async function judgeAll(subjects: readonly Subject[]): Promise<readonly Judged[]> {
  const types = checkTypes(subjects.map(({ file }) => file));
  const stopHogs = startHogs();
  const judged: Judged[] = [];
  const waiting = subjects.values();
  const work = async () => {
    for (const subject of waiting) {
      judged.push(await judge(subject, types, () => `${judged.length + 1}/${subjects.length}`));
    }
  };
  try {
    await Promise.all(Array.from({ length: lanes }, work));
  } finally {
    stopHogs();
  }
  return judged;
}

/** @param number called when the check has ended */
async function judge(
  subject: Subject,
  types: Promise<TypeProblems>,
  number: () => string,
): Promise<Judged> {
  const beganMs = performance.now();
  const result = await checkExercise(subject.exercise, subject.file, { types });
  const { kind, problem } = subject.judge(result);
  const seconds = ((performance.now() - beganMs) / 1_000).toFixed(1);
  const { verdict } = result;
  const diagnoses = result.diagnoses.map(({ name }) => name);
  const said = [verdict, diagnoses.join(", ")].filter((text) => text !== "").join("  ");
  const file = shown(subject.file);
  say(`${marks[kind]}  ${number()}  ${file}  ${said}  ${seconds} s`);
  if (problem !== null) {
    say(problem.replace(/^/gm, "      "));
  }
  if (kind === "inconclusive") {
    for (const { step, message } of result.steps.filter((one) => one.verdict === "INCONCLUSIVE")) {
      say(`      ${step}: ${message}`);
    }
  }
  return { file, judgement: kind, problem, verdict, diagnoses };
}

function summary(judged: readonly Judged[]): string {
  const filesOf = (kind: Kind, heading: string) => {
    const files = judged.filter(({ judgement }) => judgement === kind);
    return files.length === 0 ? [] : [heading, ...files.map(({ file }) => `  ${file}`)];
  };
  return [
    `${count(judged, "expected")} as expected, ${count(judged, "inconclusive")} INCONCLUSIVE, ${count(judged, "unexpected")} unexpected`,
    ...filesOf("inconclusive", "INCONCLUSIVE:"),
    ...(isTooInconclusive(judged) ? ["That is more than a third."] : []),
    ...filesOf("unexpected", "Unexpected:"),
  ].join("\n");
}

function isTooInconclusive(judged: readonly Judged[]): boolean {
  return count(judged, "inconclusive") > judged.length * maxInconclusive;
}

function count(judged: readonly Judged[], kind: Kind): number {
  return judged.filter(({ judgement }) => judgement === kind).length;
}

/** Prints progress, to standard error when standard output is JSON. */
function say(line: string): void {
  (json ? process.stderr : process.stdout).write(`${line}\n`);
}

function part(text: string): Part {
  const [, number = 0, of = 0] = (/^(\d{1,3})\/(\d{1,3})$/.exec(text) ?? []).map(Number);
  if (number < 1 || number > of) {
    throw new InvalidArgumentError(`Expected a part such as 2/3, got "${text}".`);
  }
  return { number, of };
}

/** Starts processes that now and then take one core each, half as many as there are cores. @returns ends them */
function startHogs(): () => void {
  const hogs = Array.from({ length: Math.ceil(availableParallelism() / 2) }, () =>
    // Each ends when its standard input does, so also when this process is killed.
    spawn(process.execPath, [hogProgram], { stdio: ["pipe", "ignore", "ignore"] }),
  );
  return () => {
    for (const hog of hogs) {
      hog.kill();
    }
  };
}
