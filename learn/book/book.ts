import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { diff } from "node:util";
import { exerciseFile, folderName } from "@unblock/exercises/exercise";
import { root } from "@unblock/progress/yours-folder";
import type { Exercise } from "@unblock/proto/exercises";
import { contentOf, shown, solutionFile } from "../workspace.ts";
import { anchor, listOf, sectionOf } from "./markdown.ts";

export type Book = ReturnType<typeof openBook>;

const contextLines = 2;

/** Opens the texts about an exercise, which are markdown unless they say otherwise. */
export function openBook(exercise: Exercise, file: string) {
  const { recommended, strategies } = exercise;
  const readme = readFileSync(exerciseFile(exercise, "README.md"), "utf8");
  const task = readTask(exercise);
  const everyTask = readFileSync(join(root, "exercises/every-task.md"), "utf8");
  const others = strategies.map(({ name }) => name).filter((name) => name !== recommended);
  return {
    exercise,
    /** The learner's file, relative to the project's folder. */
    file: shown(file),
    scenario: sectionOf(readme, "Scenario"),
    // The README's own task is about the server; this one is about the learner's file.
    task: sectionOf(task, "Task"),
    /** What the check looks at, as a list: of this exercise, then of every exercise. */
    checked: `${sectionOf(task, "What is checked").trimEnd()}\n${everyTask}`,
    rationale: sectionOf(task, "Why"),
    hints: hintsFor(exercise),
    /** The strategies that pass, the recommended one first, with their solutions. */
    right: [recommended, ...others]
      .map((strategy) => ({ strategy, path: solutionFile(exercise, strategy) }))
      .filter(({ path }) => existsSync(path))
      .map(({ strategy, path }) => ({ strategy, file: shown(path) })),
    reading: readingFor(exercise),
    /** The reference solution, and the {@link difference} of the learner's file from it. */
    reference: () => {
      const solution = solutionFile(exercise, recommended);
      const [yours, reference] = [contentOf(file), readFileSync(solution, "utf8")].map(withoutHead);
      return { file: shown(solution), difference: difference(yours ?? "", reference ?? "") };
    },
  };
}

/** Three hints for an exercise, each more specific than the one before. None is the code. */
export function hintsFor(exercise: Exercise): readonly string[] {
  return listOf(sectionOf(readTask(exercise), "Hints"));
}

/** Returns what to read about an exercise: paths from the project's folder. */
export function readingFor(exercise: Exercise) {
  const part = sectionOf(readTask(exercise), "Read").trim();
  return {
    rationale: `exercises/${folderName(exercise)}/README.md#rationale`,
    /** Heading of the part of docs/fundamentals.md. */
    part,
    partLink: `docs/fundamentals.md#${anchor(part)}`,
  };
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
