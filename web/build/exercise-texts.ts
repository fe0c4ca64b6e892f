import { readFileSync } from "node:fs";
import type { Plugin } from "vite";
import { sectionOf } from "../../learn/book/markdown.ts";
import { folderName } from "../../learn/workspace.ts";
import { exercises } from "../../registry/exercises.ts";
import { type Prose, proseOf } from "./prose.ts";

/** What the page shows of an exercise's README. */
export interface ExerciseText {
  readonly scenario: readonly Prose[];
  readonly question: readonly Prose[];
  readonly rationale: readonly Prose[];
}

const name = "virtual:exercise-texts";

/** Gives the page a module with the texts of the exercises' READMEs, by letter. */
export function exerciseTexts(): Plugin {
  return {
    name: "exercise-texts",
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load: (id) =>
      id === `\0${name}` ? `export const texts = ${JSON.stringify(readTexts())};` : undefined,
  };
}

export function readTexts(): Readonly<Record<string, ExerciseText>> {
  return Object.fromEntries(
    exercises.map((exercise) => {
      const readme = new URL(
        `../../server/exercises/${folderName(exercise)}/README.md`,
        import.meta.url,
      );
      const markdown = readFileSync(readme, "utf8");
      // The rest of that section is the answer.
      const [question = ""] = sectionOf(markdown, "Decision").split("<details>");
      const text: ExerciseText = {
        scenario: proseOf(sectionOf(markdown, "Scenario")),
        question: proseOf(question),
        rationale: proseOf(sectionOf(markdown, "Rationale")),
      };
      return [exercise.letter, text];
    }),
  );
}
