import type { strategyMeanings } from "../../registry/strategies.ts";
import type { AnswerQuality } from "../review/schedule.ts";
import type { Figures } from "./measuring.ts";

/** Strategies to choose from, in the order of their keys. */
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
  readonly quality: AnswerQuality;
  /** One or two sentences. */
  readonly reason: string;
}

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
export interface Question {
  /** Key of its card in the progress. */
  readonly id: string;
  readonly title: string;
  readonly scenario: string;
  readonly answers: Readonly<Record<Strategy, Answer>>;
  readonly lesson: string;
  readonly measurement: Measurement;
  /** Returns the same question with other figures. */
  readonly again: (random: Random) => Question;
}

export const recommended = (reason: string): Answer => ({ quality: "recommended", reason });
/** An answer that is right at a price. */
export const works = (reason: string): Answer => ({ quality: "works", reason });
export const wrong = (reason: string): Answer => ({ quality: "wrong", reason });

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
