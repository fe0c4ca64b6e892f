import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { strategyMeanings } from "@unblock/proto/executors";
import { introductionOf, listOf, sectionOf } from "../book/markdown.ts";
import { qualities } from "../review/schedule.ts";
import type { Figures } from "./measuring.ts";
import type { Asked, Choice } from "./session.ts";

/** Strategies to choose from, in the order of their keys. */
const strategyNames = [
  "event-loop",
  "async",
  "libuv",
  "blocking-pool",
  "cpu-pool",
  "processes",
  "queue",
  "background",
] as const satisfies readonly (keyof typeof strategyMeanings)[];

/** One way to do a question's work, measured in a process of its own. */
export interface Way {
  /** Label in the table. */
  readonly name: string;
  /** Name among the ways that the question's file gives to `measureWay`. */
  readonly argument: string;
}

export interface Column {
  readonly title: string;
  readonly value: (figures: Figures) => string;
}

export interface Measurement {
  /** One line: the work, and its input. */
  readonly title: string;
  /** The question's file, which measures its ways when it is run. */
  readonly program: URL;
  /** Amount of work, in the question's unit. */
  readonly figure: number;
  readonly ways: readonly Way[];
  readonly columns: readonly Column[];
  /** What the figures show on every machine. */
  readonly reading: string;
}

/** A scenario to decide. */
export interface Question extends Asked {
  /** Key of its card in the progress. */
  readonly id: string;
  readonly lesson: string;
  readonly measurement: Measurement;
  /** Returns the same question with another figure. */
  readonly again: (random: Random) => Question;
}

export interface Definition {
  /** Figure of the question when it is first asked. */
  readonly figure: number;
  /** Returns the figure for another time. */
  readonly vary: (random: Random) => number;
  readonly measurement: (figure: number) => Omit<Measurement, "program" | "reading">;
}

/**
 * Creates a question. Its texts are in the markdown file beside its module, where `{n}` stands for
 * the figure.
 *
 * @param module URL of the question's module, which measures the ways when it is the main module
 */
export function createQuestion(module: string, definition: Definition): Question {
  const { figure, vary, measurement } = definition;
  const path = fileURLToPath(module);
  const id = basename(path, ".ts");
  const markdown = readFileSync(join(dirname(path), `${id}.md`), "utf8");
  const text = markdown.replaceAll("{n}", String(figure));
  const textOf = (heading: string) => sectionOf(text, heading).trim();
  const { title, paragraph } = introductionOf(text);
  return {
    id,
    title,
    question: paragraph,
    choices: readChoices(listOf(textOf("Answers"))),
    lesson: textOf("Lesson"),
    measurement: {
      ...measurement(figure),
      program: new URL(module),
      reading: textOf("Reading the figures"),
    },
    again: (random) => createQuestion(module, { ...definition, figure: vary(random) }),
  };
}

/** Reads items such as "**libuv** (recommended): The reason." @throws Error when one is missing */
function readChoices(items: readonly string[]): Choice[] {
  return strategyNames.map((name) => {
    const item = items.find((one) => one.startsWith(`**${name}** `)) ?? "";
    const [, found, reason] = /\((\w+)\): (.*)$/.exec(item) ?? [];
    const quality = qualities.find((one) => one === found);
    if (quality === undefined || reason === undefined) {
      throw new Error(`Expected the quality and reason of ${name}, got "${item}"`);
    }
    return { text: name, meaning: strategyMeanings[name], quality, reason };
  });
}

/** Column of a figure in milliseconds. */
export function milliseconds(title: string, figure: string): Column {
  return {
    title,
    value: ({ [figure]: ms }) =>
      ms === undefined ? "–" : `${ms < 9.95 ? ms.toFixed(1) : ms.toFixed(0)} ms`,
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

/**
 * Creates a source of random numbers that are the same for the same seed.
 *
 * @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c Mulberry32
 */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return (from, to) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    const fraction = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    return from + Math.floor(fraction * (to - from + 1));
  };
}
