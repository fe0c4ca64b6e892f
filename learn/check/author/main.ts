/**
 * `npm run check:author`: does the check tell right from wrong? Every stub fails as a stub, every
 * solution passes, and every plausible wrong answer fails by its name, also beside a program that takes
 * a whole core.
 */
import { basename } from "node:path";
import { Command } from "commander";
import { fail } from "../../../cli/fail.ts";
import { waitForQuiet } from "../../../machine/quiet.ts";
import { shown } from "../../workspace.ts";
import { checkExercise } from "../check-exercise.ts";
import { checkTypes, type TypeProblems } from "../types.ts";
import type { Judgement } from "./expectations.ts";
import { Hog } from "./hog.ts";
import { findSubjects, type Subject } from "./subjects.ts";

const example = `
Exits with 0 when all is as expected, with 2 when something is not, and with 3 when nothing is wrong and
of some solutions it could not be told.`;

/** Checked at once beside a hog, where no verdict may rest on time. */
const lanes = 3;

const command = new Command("npm run check:author --")
  .description("Checks the check: stubs, solutions and wrong answers, some beside a busy core.")
  .argument("[names...]", "only files whose name begins so, such as a- d-four")
  .addHelpText("after", example)
  .parse();

process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
try {
  const judgements = await judgeAll(findSubjects().filter(isAsked));
  const count = (kind: Judgement["kind"]) => judgements.filter((one) => one.kind === kind).length;
  process.stdout.write(
    `${count("expected")} as expected, ${count("unexpected")} not, ${count("open")} could not be told\n`,
  );
  process.exitCode = count("unexpected") > 0 ? 2 : count("open") > 0 ? 3 : 0;
} catch (error) {
  fail(error);
}

function isAsked({ file }: Subject): boolean {
  return command.args.length === 0 || command.args.some((name) => basename(file).startsWith(name));
}

async function judgeAll(subjects: readonly Subject[]): Promise<Judgement[]> {
  const types = checkTypes(subjects.map(({ file }) => file));
  const busy = await waitForQuiet(() => {});
  if (busy !== undefined) {
    process.stderr.write(
      `Others keep ${busy.toFixed(1)} cores busy: of some solutions it may not be told whether they pass.\n`,
    );
  }
  const alone = await judge(
    subjects.filter(({ hog }) => !hog),
    1,
    types,
  );
  const besides = subjects.filter(({ hog }) => hog);
  if (besides.length === 0) {
    return alone;
  }
  const hog = new Hog();
  try {
    return [...alone, ...(await judge(besides, lanes, types))];
  } finally {
    hog.stop();
  }
}

/** Judges some, as many at once as there are lanes. */
async function judge(
  subjects: readonly Subject[],
  lanes: number,
  types: Promise<TypeProblems>,
): Promise<Judgement[]> {
  const judgements: Judgement[] = [];
  const waiting = subjects.values();
  const work = async () => {
    for (const subject of waiting) {
      judgements.push(await judgeOne(subject, types));
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return judgements;
}

async function judgeOne(subject: Subject, types: Promise<TypeProblems>): Promise<Judgement> {
  const beganMs = performance.now();
  const result = await checkExercise(subject.exercise, subject.file, { types });
  const judgement = subject.judge(result);
  const seconds = ((performance.now() - beganMs) / 1_000).toFixed(1);
  const named = result.diagnoses.map(({ name }) => name).join(", ");
  const said = [result.verdict, named].filter((text) => text !== "").join("  ");
  process.stdout.write(
    `${mark(judgement)}  ${shown(subject.file)}${subject.hog ? " beside a hog" : ""}  ${said}  ${seconds} s\n`,
  );
  if (judgement.kind === "unexpected") {
    process.stdout.write(`${judgement.problem.replace(/^/gm, "      ")}\n`);
  }
  return judgement;
}

function mark({ kind }: Judgement): string {
  return { expected: "ok  ", open: "open", unexpected: "FAIL" }[kind];
}
