import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DiagnosisName } from "@unblock/diagnose/diagnosis";
import { type WrongAnswer, wrongAnswers } from "@unblock/exercises/wrong-answers";
import { type Exercise, exercises } from "@unblock/proto/exercises";
import { fileName } from "../../workspace.ts";
import type { ExerciseResult } from "../result.ts";

const learn = fileURLToPath(new URL("../../", import.meta.url));

/** A file, and the expected result of its check. */
export interface Subject {
  readonly exercise: Exercise;
  readonly file: string;
  readonly judge: Judge;
}

/** Mistake of each stub besides the missing decision. */
const stubMistakes: Readonly<Record<string, DiagnosisName>> = {
  A: "loop-blocked-by-waiting",
  B: "loop-blocked-by-waiting",
  C: "cpu-behind-a-promise",
  D: "loop-blocked-by-waiting",
  E: "loop-blocked-by-waiting",
  F: "cpu-behind-a-promise",
  G: "reply-waits-for-work",
  H: "sequential",
};

/** Returns all subjects of the author's check, sorted by exercise. */
export function findSubjects(): readonly Subject[] {
  const all = [
    ...exercises.map((exercise) => {
      const file = join(learn, "stubs", fileName(exercise));
      return { exercise, file, judge: expectUndecided(stubMistake(exercise)) };
    }),
    ...filesOf("solutions").map((one) => ({ ...one, judge: expectPass })),
    ...filesOf("right").map((one) => ({ ...one, judge: expectPass })),
    ...wrongAnswers.map((wrong) => {
      const file = join(learn, "wrong", wrong.file);
      return { exercise: exerciseOf(wrong.file), file, judge: expectFailure(wrong) };
    }),
  ];
  return all.toSorted((one, other) => one.exercise.letter.localeCompare(other.exercise.letter));
}

function stubMistake({ letter }: Exercise): DiagnosisName {
  const mistake = stubMistakes[letter];
  if (mistake === undefined) {
    throw new Error(`Expected to know what is wrong with the stub of exercise ${letter}`);
  }
  return mistake;
}

function filesOf(folder: string): readonly Pick<Subject, "exercise" | "file">[] {
  return readdirSync(join(learn, folder))
    .toSorted()
    .map((name) => ({ exercise: exerciseOf(name), file: join(learn, folder, name) }));
}

/** Returns the exercise of a file, by the first letter of its name. */
function exerciseOf(name: string): Exercise {
  const [first = ""] = name;
  const exercise = exercises.find(({ letter }) => letter === first.toUpperCase());
  if (exercise === undefined) {
    throw new Error(`Expected a file whose name begins with an exercise's letter, got ${name}`);
  }
  return exercise;
}

/** Comparison of a result with its expectation. */
export type Judgement = { readonly kind: "expected" | "inconclusive" } | Unexpected;

export interface Unexpected {
  readonly kind: "unexpected";
  readonly problem: string;
}

export type Judge = (result: ExerciseResult) => Judgement;

const expected: Judgement = { kind: "expected" };
const inconclusive: Judgement = { kind: "inconclusive" };

/** Expects a stub's first failure to be the missing decision, and its mistake to be named. */
export function expectUndecided(mistake: DiagnosisName): Judge {
  return (result) => {
    const first = result.steps.find(({ verdict }) => verdict === "FAIL");
    if (first?.step !== "decision" || !first.message.startsWith("not made yet")) {
      return unexpected("its first failure to be the decision, not made yet", result);
    }
    return names(result, [mistake]) ? expected : unexpected(mistake, result);
  };
}

/** Expects a right answer to pass. */
export function expectPass(result: ExerciseResult): Judgement {
  switch (result.verdict) {
    case "PASS":
      return expected;
    case "INCONCLUSIVE":
      return inconclusive;
    case "FAIL":
      return unexpected("PASS", result);
  }
}

/** Expects a wrong answer to fail by its name. */
export function expectFailure({ diagnoses, also }: WrongAnswer): Judge {
  return (result) => {
    if (result.verdict === "INCONCLUSIVE") {
      return inconclusive;
    }
    const isNamed = names(result, diagnoses) && (also === undefined || hasNamed(result, also));
    const wanted = diagnoses.join(" or ") + (also === undefined ? "" : `, then ${also}`);
    return result.verdict === "FAIL" && isNamed ? expected : unexpected(wanted, result);
  };
}

/** Whether the first diagnosis is one of the mistakes. */
function names({ diagnoses }: ExerciseResult, mistakes: readonly DiagnosisName[]): boolean {
  const [first] = diagnoses;
  return first !== undefined && mistakes.includes(first.name);
}

function hasNamed({ diagnoses }: ExerciseResult, mistake: DiagnosisName): boolean {
  return diagnoses.some(({ name }) => name === mistake);
}

function unexpected(wanted: string, { verdict, diagnoses, steps }: ExerciseResult): Unexpected {
  const named = diagnoses.map(({ name }) => name).join(", ") || "no diagnosis";
  const failed = steps
    .filter((step) => step.verdict !== "PASS")
    .map(({ step, message }) => `${step}: ${message}`)
    .join("\n");
  return {
    kind: "unexpected",
    problem: `expected ${wanted}, got ${verdict} with ${named}\n${failed}`,
  };
}
