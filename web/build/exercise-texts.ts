import { readFileSync } from "node:fs";
import { exerciseFile } from "@unblock/exercises/exercise";
import { sectionOf } from "@unblock/learn/book/markdown";
import { exercises } from "@unblock/proto/exercises";
import { lexer, type Token } from "marked";
import type { Plugin } from "vite";

/** The parts of an exercise's README that the page shows. */
export interface ExerciseText {
  readonly scenario: readonly Prose[];
  readonly question: readonly Prose[];
  readonly rationale: readonly Prose[];
}

const name = "virtual:exercise-texts";

/** Vite plugin that serves the texts of the exercises' READMEs as a module, by letter. */
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
      const readme = exerciseFile(exercise, "README.md");
      const markdown = readFileSync(readme, "utf8");
      // The rest of the section is the answer.
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

/** A piece of text: plain, or an element. */
export type Prose = string | Element;

interface Element {
  readonly tag: string;
  readonly inside: readonly Prose[];
}

/**
 * Parses Markdown into a tree, so that the page needs neither a parser nor HTML. Folded parts are unfolded,
 * and links become their text, since the page cannot show files.
 *
 * @throws Error for Markdown that the page cannot show, which fails the build
 */
export function proseOf(markdown: string): Prose[] {
  const unfolded = markdown.replace(/<summary>.*?<\/summary>/gs, "").replace(/<\/?details>/g, "");
  return lexer(unfolded).flatMap(readBlock);
}

function readBlock(token: Token): Prose[] {
  switch (token.type) {
    case "paragraph":
      return [{ tag: "p", inside: readInlines(token.tokens) }];
    case "text":
      return token.tokens ? readInlines(token.tokens) : [token.text];
    case "list": {
      const items: readonly { tokens: Token[] }[] = token.items;
      const inside = items.map(({ tokens }) => ({ tag: "li", inside: tokens.flatMap(readBlock) }));
      return [{ tag: token.ordered ? "ol" : "ul", inside }];
    }
    case "code":
      return [{ tag: "pre", inside: [token.text] }];
    case "space":
      return [];
    default:
      throw new Error(
        `Expected paragraphs, lists and code in an exercise's text, got ${token.raw}`,
      );
  }
}

function readInlines(tokens: readonly Token[] = []): Prose[] {
  return tokens.flatMap((token): Prose[] => {
    switch (token.type) {
      case "strong":
      case "em":
        return [{ tag: token.type, inside: readInlines(token.tokens) }];
      case "codespan":
        return [{ tag: "code", inside: [token.text] }];
      case "link":
        return readInlines(token.tokens);
      case "text":
      case "escape":
        return [token.text.replaceAll("\n", " ")];
      default:
        throw new Error(
          `Expected plain, strong and emphasized text, code and links, got ${token.raw}`,
        );
    }
  });
}
