import { readFileSync } from "node:fs";
import { createRandom as createFractions } from "@unblock/loadtest/run/schedule";
import { strategyMeanings } from "@unblock/proto/exercises";
import { ms } from "@unblock/terminal/numbers";
import { introductionOf, listOf, sectionOf } from "../book/markdown.ts";
import { qualities } from "../review/schedule.ts";
import type { Asked, Choice } from "./session.ts";

/** Figures of a measurement, with units in their names. */
export type Figures = Readonly<Record<string, number>>;

/** Does a question's work in one way. `folder` is removed afterwards. */
type Measure = (figure: number, folder: string) => Promise<Figures>;

export interface Column {
  readonly title: string;
  readonly value: (figures: Figures) => string;
}

export interface Question extends Asked {
  /** Key of its card in the progress. */
  readonly id: string;
  readonly lesson: string;
  readonly measurement: {
    /** One line: the work, and its input. */
    readonly title: string;
    /** Amount of work, in the question's unit. */
    readonly figure: number;
    readonly columns: readonly Column[];
    readonly ways: readonly string[];
    /** What the figures show on every machine. */
    readonly reading: string;
  };
  readonly again: (random: Random) => Question;
}

export interface Definition {
  /** Name of the markdown file with its texts, where `{n}` stands for the figure. */
  readonly id: string;
  /** Figure of the question when it is first asked. */
  readonly figure: number;
  /** Returns the figure for another time. */
  readonly vary: (random: Random) => number;
  readonly title: (figure: number) => string;
  /** Figure that is measured; default: the question's. */
  readonly measuredFigure?: number;
  readonly columns: (figure: number) => readonly Column[];
  /** Ways to do the work, each measured in a process of its own, by their names in the table. */
  readonly ways: Readonly<Record<string, Measure>>;
}

export function createQuestion(definition: Definition): Question {
  const { id, figure, vary, title, columns, ways, measuredFigure = figure } = definition;
  const file = new URL(`./questions/${id}.md`, import.meta.url);
  const text = readFileSync(file, "utf8").replaceAll("{n}", String(figure));
  const textOf = (heading: string) => sectionOf(text, heading).trim();
  const introduction = introductionOf(text);
  return {
    id,
    title: introduction.title,
    question: introduction.paragraph,
    choices: listOf(textOf("Answers")).map(readChoice),
    lesson: textOf("Lesson"),
    measurement: {
      title: title(figure),
      figure: measuredFigure,
      columns: columns(figure),
      ways: Object.keys(ways),
      reading: textOf("Reading the figures"),
    },
    again: (random) => createQuestion({ ...definition, figure: vary(random) }),
  };
}

/** Reads an item such as "**libuv** (recommended): The reason." */
function readChoice(item: string): Choice {
  const [, text = "", found, reason] = /^\*\*([\w-]+)\*\* \((\w+)\): (.*)$/.exec(item) ?? [];
  const quality = qualities.find((one) => one === found);
  const meaning = strategyMeanings[text];
  if (meaning === undefined || quality === undefined || reason === undefined) {
    throw new Error(`Expected a strategy with its quality and reason, got "${item}"`);
  }
  return { text, meaning, quality, reason };
}

export function milliseconds(title: string, figure: string): Column {
  return {
    title,
    value: ({ [figure]: value }) => (value === undefined ? "–" : `${ms(value)} ms`),
  };
}

/** Columns of measurements that show who else waits. */
export const impactColumns: readonly Column[] = [
  milliseconds("all done", "wallMs"),
  milliseconds("loop held", "loopHeldMs"),
  milliseconds("a file waited", "fileWaitedMs"),
];

/** Column of the number of operations in progress at once, as their server saw it. */
export const maxAtOnceColumn: Column = {
  title: "max at once",
  value: ({ maxAtOnce }) => String(maxAtOnce ?? "–"),
};

/** Returns a whole number from `from` to `to`. */
export type Random = (from: number, to: number) => number;

/** Creates a source of random numbers that are the same for the same seed. */
export function createRandom(seed: number): Random {
  const fraction = createFractions(seed);
  return (from, to) => from + Math.floor(fraction() * (to - from + 1));
}
