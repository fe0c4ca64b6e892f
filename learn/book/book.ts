import { existsSync, readFileSync } from "node:fs";
import type { Exercise } from "../../registry/exercises.ts";
import { hints } from "../hints.ts";
import { type Reading, readingFor } from "../score.ts";
import { folderName, shown, solutionFile } from "../workspace.ts";
import { contentOf } from "./content.ts";
import { difference } from "./difference.ts";
import { sectionOf } from "./markdown.ts";

/** What there is to read about an exercise. */
export interface Book {
  readonly exercise: Exercise;
  /** The learner's file, from the project's folder. */
  readonly file: string;
  /** As markdown. */
  readonly scenario: string;
  readonly task: string;
  /** A list of what the check looks at: of this exercise, then of every exercise. */
  readonly checked: string;
  readonly rationale: string;
  /** Each more telling than the one before. */
  readonly hints: readonly string[];
  /** The strategies that pass, the recommended one first, with their solutions. */
  readonly right: readonly { readonly strategy: string; readonly file: string }[];
  readonly reading: Reading;
  /** The reference solution, from the project's folder, and how to come there from the learner's file. */
  reference(): { readonly file: string; readonly difference: readonly string[] };
}

export function openBook(exercise: Exercise, file: string): Book {
  const { letter, recommended, strategies } = exercise;
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  const readme = read(`server/exercises/${folderName(exercise)}/README.md`);
  const tasks = read(`learn/tasks/${letter.toLowerCase()}-${folderName(exercise)}.md`);
  const [reading] = readingFor([letter]);
  const own = hints[letter];
  if (reading === undefined || own === undefined) {
    throw new Error(`Expected exercise ${letter} to have hints and something to read`);
  }
  const names = strategies.map(({ name }) => name);
  return {
    exercise,
    file: shown(file),
    scenario: sectionOf(readme, "Scenario"),
    // The README's own task is about the server; this one is about the learner's file.
    task: sectionOf(tasks, "Task"),
    checked: `${sectionOf(tasks, "What is checked").trimEnd()}\n${read("learn/tasks/every-exercise.md")}`,
    rationale: sectionOf(tasks, "Why"),
    hints: own,
    right: [recommended, ...names.filter((name) => name !== recommended)]
      .filter((name) => existsSync(solutionFile(exercise, name)))
      .map((strategy) => ({ strategy, file: shown(solutionFile(exercise, strategy)) })),
    reading,
    reference: () => {
      const solution = solutionFile(exercise, recommended);
      const yours = withoutHead(contentOf(file));
      return {
        file: shown(solution),
        difference: difference(yours, withoutHead(readFileSync(solution, "utf8"))),
      };
    },
  };
}

/** A file without the comment that it begins with: a stub has the scenario there, a solution nothing. */
function withoutHead(source: string): string {
  return source.replace(/^(\/\/.*\r?\n)+/, "");
}
