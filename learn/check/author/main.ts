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
import type { Verdict } from "../result.ts";
import { checkTypes, type TypeProblems } from "../types.ts";
import type { Judgement } from "./expectations.ts";
import { Hog } from "./hog.ts";
import { findSubjects, type Subject } from "./subjects.ts";

const example = `
Examples:
  npm run check:author -- a- d-four
  npm run -s check:author -- --json > author.json

Exits with 0 when all is as expected, with 2 when something is not, and with 3 when nothing is wrong and
of some solutions it could not be told.`;

type Kind = Judgement["kind"];

/** Checked at once beside a hog, where no verdict may rest on time. */
const lanes = 3;

const command = new Command("npm run check:author --")
  .description("Checks the check: stubs, solutions and wrong answers, some beside a busy core.")
  .argument("[names...]", "only files whose name begins so, such as a- d-four")
  .option("--json", "print the result as JSON, and nothing else")
  .addHelpText("after", example)
  .parse();
const { json } = command.opts<{ readonly json?: boolean }>();

process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
try {
  const judged = await judgeAll(findSubjects().filter(isAsked));
  const count = (kind: Kind) => judged.filter(({ judgement }) => judgement === kind).length;
  process.stdout.write(
    json
      ? `${JSON.stringify({ files: judged })}\n`
      : `${count("expected")} as expected, ${count("unexpected")} not, ${count("open")} could not be told\n`,
  );
  process.exitCode = count("unexpected") > 0 ? 2 : count("open") > 0 ? 3 : 0;
} catch (error) {
  fail(error);
}

function isAsked({ file }: Subject): boolean {
  return command.args.length === 0 || command.args.some((name) => basename(file).startsWith(name));
}

interface Judged {
  readonly file: string;
  readonly beside_hog: boolean;
  readonly judgement: Kind;
  /** What was expected and what came; null when it is as expected. */
  readonly problem: string | null;
  readonly verdict: Verdict;
  readonly diagnoses: readonly string[];
}

async function judgeAll(subjects: readonly Subject[]): Promise<Judged[]> {
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
): Promise<Judged[]> {
  const judged: Judged[] = [];
  const waiting = subjects.values();
  const work = async () => {
    for (const subject of waiting) {
      judged.push(await judgeOne(subject, types));
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return judged;
}

async function judgeOne(subject: Subject, types: Promise<TypeProblems>): Promise<Judged> {
  const beganMs = performance.now();
  const result = await checkExercise(subject.exercise, subject.file, { types });
  const judgement = subject.judge(result);
  const seconds = ((performance.now() - beganMs) / 1_000).toFixed(1);
  const diagnoses = result.diagnoses.map(({ name }) => name);
  const said = [result.verdict, diagnoses.join(", ")].filter((text) => text !== "").join("  ");
  const file = shown(subject.file);
  const problem = judgement.kind === "unexpected" ? judgement.problem : null;
  say(`${mark(judgement)}  ${file}${subject.hog ? " beside a hog" : ""}  ${said}  ${seconds} s`);
  if (problem !== null) {
    say(problem.replace(/^/gm, "      "));
  }
  const { verdict } = result;
  return { file, beside_hog: subject.hog, judgement: judgement.kind, problem, verdict, diagnoses };
}

/** What goes on; not on the standard output that is to be JSON. */
function say(line: string): void {
  (json ? process.stderr : process.stdout).write(`${line}\n`);
}

function mark({ kind }: Judgement): string {
  return { expected: "ok  ", open: "open", unexpected: "FAIL" }[kind];
}
