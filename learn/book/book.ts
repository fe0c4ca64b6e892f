import { existsSync, readFileSync } from "node:fs";
import { diff } from "node:util";
import { exerciseFile } from "@unblock/exercises/folder";
import type { Exercise } from "@unblock/proto/exercises";
import { type Reading, readingFor } from "../score.ts";
import { contentOf, shown, solutionFile } from "../workspace.ts";
import { listOf, sectionOf } from "./markdown.ts";

/** Texts about an exercise: markdown, unless it says otherwise. */
export interface Book {
  readonly exercise: Exercise;
  /** The learner's file, relative to the project's folder. */
  readonly file: string;
  readonly scenario: string;
  readonly task: string;
  /** What the check looks at, as a list: of this exercise, then of every exercise. */
  readonly checked: string;
  readonly rationale: string;
  readonly hints: readonly string[];
  /** The strategies that pass, the recommended one first, with their solutions. */
  readonly right: readonly { readonly strategy: string; readonly file: string }[];
  readonly reading: Reading;
  /** The reference solution, and the {@link difference} of the learner's file from it. */
  reference(): { readonly file: string; readonly difference: readonly string[] };
}

/** Unchanged lines shown around each change. */
const contextLines = 2;

export function openBook(exercise: Exercise, file: string): Book {
  const { letter, recommended, strategies } = exercise;
  const readme = readFileSync(exerciseFile(exercise, "README.md"), "utf8");
  const task = readTask(exercise);
  const [reading] = readingFor([letter]);
  if (reading === undefined) {
    throw new Error(`Expected exercise ${letter} to have something to read`);
  }
  const names = strategies.map(({ name }) => name);
  return {
    exercise,
    file: shown(file),
    scenario: sectionOf(readme, "Scenario"),
    // The README's own task is about the server; this one is about the learner's file.
    task: sectionOf(task, "Task"),
    checked: `${sectionOf(task, "What is checked").trimEnd()}\n${read("exercises/every-task.md")}`,
    rationale: sectionOf(task, "Why"),
    hints: hintsFor(exercise),
    right: [recommended, ...names.filter((name) => name !== recommended)]
      .filter((name) => existsSync(solutionFile(exercise, name)))
      .map((strategy) => ({ strategy, file: shown(solutionFile(exercise, strategy)) })),
    reading,
    reference: () => {
      const solution = solutionFile(exercise, recommended);
      return {
        file: shown(solution),
        difference: difference(
          withoutHead(contentOf(file)),
          withoutHead(readFileSync(solution, "utf8")),
        ),
      };
    },
  };
}

/** Three hints for an exercise, each more specific than the one before. None is the code. */
export function hintsFor(exercise: Exercise): readonly string[] {
  return listOf(sectionOf(readTask(exercise), "Hints"));
}

/**
 * Compares two texts by lines: "- " before lines to remove, "+ " before lines to add, "  " before
 * unchanged lines around them, and "⋮" for lines that are left out.
 *
 * @returns nothing when the texts are the same
 */
export function difference(from: string, to: string): string[] {
  // An entry of 1 is only in the first text, one of -1 only in the second.
  const entries = diff(linesOf(from), linesOf(to));
  const changed = entries.flatMap(([where], index) => (where === 0 ? [] : [index]));
  const isNear = (index: number) => changed.some((one) => Math.abs(one - index) <= contextLines);
  return entries.flatMap(([where, line], index) => {
    if (where !== 0) {
      return [`${where === 1 ? "-" : "+"} ${line}`];
    }
    if (isNear(index)) {
      return [`  ${line}`];
    }
    return changed.length > 0 && isNear(index - 1) ? ["⋮"] : [];
  });
}

function linesOf(text: string): string[] {
  return text.replaceAll("\r\n", "\n").trimEnd().split("\n");
}

/** Removes a stub's scenario, the comment at its beginning, which solutions do not have. */
function withoutHead(source: string): string {
  return source.replace(/^(\/\/.*\r?\n)+/, "");
}

function readTask(exercise: Exercise): string {
  return readFileSync(exerciseFile(exercise, "task.md"), "utf8");
}

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
}
