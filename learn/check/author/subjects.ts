import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Exercise, exercises } from "../../../registry/exercises.ts";
import type { DiagnosisName } from "../../diagnose/diagnosis.ts";
import { fileName } from "../../workspace.ts";
import { wrongAnswers } from "../../wrong/expected.ts";
import { expectFailure, expectPass, expectUndecided, type Judge } from "./expectations.ts";

const learn = fileURLToPath(new URL("../../", import.meta.url));

/** A file with what the check is to say of it. */
export interface Subject {
  readonly exercise: Exercise;
  /** Its path. */
  readonly file: string;
  readonly judge: Judge;
}

/** What is wrong with each stub, besides that it is undecided. */
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

/** Everything that the author's check looks at, in turn by exercise. */
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

/** By the letter that a file's name begins with. */
function exerciseOf(name: string): Exercise {
  const [first = ""] = name;
  const exercise = exercises.find(({ letter }) => letter === first.toUpperCase());
  if (exercise === undefined) {
    throw new Error(`Expected a file whose name begins with an exercise's letter, got ${name}`);
  }
  return exercise;
}
