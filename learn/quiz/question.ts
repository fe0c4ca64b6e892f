import type { strategyMeanings } from "../../registry/exercises.ts";
import type { Random } from "../review/random.ts";
import type { Figures } from "./measurements/way.ts";

/** The ways to choose from. Their order is that of the keys. */
export const strategyNames = [
  "event-loop",
  "async",
  "libuv",
  "threads",
  "workers",
  "processes",
  "queue",
  "background",
] as const satisfies readonly (keyof typeof strategyMeanings)[];

export type Strategy = (typeof strategyNames)[number];

export interface Answer {
  /** "works": right too, at a price. */
  readonly suitability: "recommended" | "works" | "wrong";
  /** One sentence, or two. */
  readonly reason: string;
}

/** One way of doing the work, measured in a process of its own. */
export interface Way {
  /** What it is called in the table. */
  readonly name: string;
  /** The program's argument for it. */
  readonly argument: string;
}

export interface Column {
  readonly title: string;
  readonly value: (figures: Figures) => string;
}

export interface Measurement {
  /** What is done, and on what: a line. */
  readonly title: string;
  /** The program in measurements/ that measures its ways. */
  readonly program: URL;
  /** How many, or how much: the program's third argument. */
  readonly figure: number;
  readonly ways: readonly Way[];
  readonly columns: readonly Column[];
  /** What to see in the figures, whatever they are on this machine. */
  readonly reading: string;
}

/** A scenario to decide. */
export interface Question {
  /** In the state file. */
  readonly id: string;
  readonly title: string;
  readonly scenario: string;
  readonly answers: Readonly<Record<Strategy, Answer>>;
  /** More to know about it. */
  readonly lesson: string;
  readonly measurement: Measurement;
  /** The same question with other figures, so that one has to think again. */
  readonly again: (random: Random) => Question;
}

export function isRight({ answers }: Question, choice: Strategy): boolean {
  return answers[choice].suitability !== "wrong";
}

/** A column with one of the figures, in milliseconds. */
export function milliseconds(title: string, figure: string): Column {
  return {
    title,
    value: ({ [figure]: ms }) => {
      if (ms === undefined) {
        return "–";
      }
      return `${ms < 9.95 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
    },
  };
}
