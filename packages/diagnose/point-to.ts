import type { CodeLine } from "./diagnosis.ts";
import { findCall, isAsyncFunction, isDeferred, isLong } from "./source.ts";
import { type Original, originalOf } from "./source-map.ts";
import {
  type Frame,
  functionKey,
  innermost,
  type OwnCode,
  type Position,
  packageOf,
  type Stack,
  shownPath,
} from "./stack.ts";

/** The line that a stack points to. */
export interface Pointed {
  readonly line: CodeLine;
  /** Whether a promise or an async function is around it, which its author may have expected to help. */
  readonly isAsync: boolean;
  /** What has to be changed, which several lines can share. */
  readonly cause: Cause;
}

/** A package, a call that blocks, or a function. */
export interface Cause {
  readonly id: string;
  /** Package that is called; undefined if the cause is none. */
  readonly package: string | undefined;
}

/**
 * Finds the line to look at: the innermost one of the user's own code, in the original source if there is a
 * source map; undefined if no line is known.
 */
export function pointTo(stack: Stack, isOwn: OwnCode): Pointed | undefined {
  const locations = stack.map((_, index) => locationOf(stack, index));
  const own = locations.findIndex((location) => location !== undefined && isOwn(location.file));
  const index = own === -1 ? innermost(stack, isOwn) : own;
  const location = locations[index];
  const frame = stack[index];
  if (location === undefined || frame?.file === undefined) {
    return undefined;
  }
  const isPromised = stack.some(
    (one) => one.file !== undefined && isOwn(one.file) && isDeferred(one.file, one.begins),
  );
  const inner = stack[index - 1];
  const called = inner?.file === undefined ? inner?.name : (location.name ?? inner.name);
  return {
    line: toCodeLine(location, called || frame.name || "a function without a name", frame.begins),
    isAsync: isPromised || isAsyncFunction(frame.file, frame.begins),
    cause: causeOf(
      // From the line inwards, as its author knows what it calls first.
      locations.slice(0, isOwn(location.file) ? index : index + 1).reverse(),
      called,
      frame,
    ),
  };
}

function causeOf(
  inwards: readonly (Original | undefined)[],
  called: string | undefined,
  { file, name, begins }: Frame,
): Cause {
  const calledFile = inwards.find((location) => location !== undefined)?.file;
  const packageName = calledFile && packageOf(calledFile);
  if (packageName !== undefined) {
    return { id: `package ${packageName}`, package: packageName };
  }
  const id = called?.endsWith("Sync")
    ? `call ${called}`
    : `function ${name} ${file}:${begins.line}`;
  return { id, package: undefined };
}

/** Makes a line for people, with the column if the line is long. */
export function toCodeLine(
  { file, line, column }: Omit<Original, "name">,
  what: string,
  begins?: Position,
): CodeLine {
  const inLongLine = isLong(file, line)
    ? { column, ...(begins === undefined ? {} : { beginsAt: begins.column }) }
    : {};
  return { file: shownPath(file), line, ...inLongLine, what };
}

/** Location of a frame in the original source; undefined if not even its line is known. */
function locationOf(stack: Stack, index: number): Original | undefined {
  const frame = stack[index];
  if (frame?.file === undefined) {
    return undefined;
  }
  const { file } = frame;
  const position = positionOf(frame, file, stack[index - 1]?.name ?? "");
  return position && (originalOf(file, position) ?? { file, ...position, name: undefined });
}

function positionOf(
  { line, column, nearLine, begins }: Frame,
  file: string,
  called: string,
): Position | undefined {
  if (line !== undefined && column !== undefined) {
    return { line, column };
  }
  const call = findCall(file, begins, called, line ?? nearLine);
  if (line === undefined) {
    const isKnown = begins.line > 1 || begins.column > 1;
    const near = nearLine === undefined ? undefined : { line: nearLine, column: 1 };
    return call ?? near ?? (isKnown ? begins : undefined);
  }
  const inLine = [call, begins].find((position) => position?.line === line);
  return { line, column: inLine?.column ?? 1 };
}

interface Vote {
  readonly stack: Stack;
  weight: number;
}

/** Votes by function, then by line. */
type Tally = Map<string, Map<string, Vote>>;

interface Ranked {
  readonly key: string;
  readonly stack: Stack | undefined;
  readonly weight: number;
}

/** Elects the stack that held a thread for most of a time. */
export class Votes {
  readonly #isOwn: OwnCode;
  /** Innermost own functions. */
  readonly #byFunction: Tally = new Map();
  /** Blocking calls and packages that these functions called. */
  readonly #byCalled: Tally = new Map();
  /** Own functions that called them. */
  readonly #byCaller: Tally = new Map();
  #total = 0;

  constructor(isOwn: OwnCode) {
    this.#isOwn = isOwn;
  }

  add(stack: Stack, weight: number): void {
    this.#total += weight;
    const index = innermost(stack, this.#isOwn);
    count(this.#byFunction, functionKey(stack, this.#isOwn), stack, index, weight);
    count(this.#byCalled, calledOf(stack.slice(0, index + 1)), stack, index, weight);
    const counted = new Set<string>();
    for (const [at, frame] of stack.entries()) {
      const key = keyOf(frame);
      if (key !== undefined && at >= index && this.#isOwn(frame.file ?? "") && !counted.has(key)) {
        counted.add(key);
        // If it calls own code as well, that code is not what to point to.
        const from = at === index ? stack : stack.slice(at);
        count(this.#byCaller, key, from, at === index ? index : 0, weight);
      }
    }
  }

  /**
   * The most frequent stack of the function that has half of the time; else of those functions that together
   * spend half of it in one blocking call or package; else of the function that calls others for half of it, as a
   * loop calls a generator. Undefined if there is none.
   */
  winner(): Stack | undefined {
    const half = ({ weight }: Ranked) => weight * 2 >= this.#total;
    const [first] = [...ranked(this.#byFunction), ...ranked(this.#byCalled)].filter(half);
    // Callers further out have at least as much of the time. One that was never innermost only forwards calls.
    const callers = ranked(this.#byCaller).filter(half);
    const loop = callers.findLast(({ key }) => this.#byFunction.has(key));
    return (first ?? loop)?.stack;
  }
}

function count(
  tally: Tally,
  key: string | undefined,
  stack: Stack,
  index: number,
  weight: number,
): void {
  if (key === undefined) {
    return;
  }
  const lines = tally.get(key) ?? new Map<string, Vote>();
  const line = `${stack[index]?.line} ${stack[index - 1]?.name}`;
  const vote = lines.get(line) ?? { stack, weight: 0 };
  vote.weight += weight;
  lines.set(line, vote);
  tally.set(key, lines);
}

/** Functions by their time, the most first, each with its most frequent stack. */
function ranked(tally: Tally): Ranked[] {
  return [...tally]
    .map(([key, lines]) => {
      const votes = [...lines.values()].sort(byWeight);
      const weight = votes.reduce((sum, vote) => sum + vote.weight, 0);
      return { key, stack: votes[0]?.stack, weight };
    })
    .sort(byWeight);
}

/** The blocking call or the package that a stack's outermost function calls. */
function calledOf(stack: Stack): string | undefined {
  const called = stack.at(-2);
  if (called?.file === undefined && called?.name.endsWith("Sync")) {
    return called.name;
  }
  const file = stack.slice(0, -1).findLast((frame) => frame.file !== undefined)?.file;
  return file && packageOf(file);
}

function keyOf(frame: Frame): string | undefined {
  return functionKey([frame], () => true);
}

function byWeight(a: { readonly weight: number }, b: { readonly weight: number }): number {
  return b.weight - a.weight;
}
