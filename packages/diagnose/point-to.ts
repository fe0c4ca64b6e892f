import type { CodeLine } from "./diagnosis.ts";
import { findCall, isAsyncFunction, isDeferred, isLong } from "./source.ts";
import { type Original, originalOf } from "./source-map.ts";
import {
  type Frame,
  functionKey,
  innermost,
  isBlockingCall,
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
  const own = called?.endsWith("Sync")
    ? `call ${called}`
    : `function ${name} ${file}:${begins.line}`;
  return { id: packageName ? `package ${packageName}` : own, package: packageName };
}

/** Makes a line for people, with the column if the line is long. */
function toCodeLine({ file, line, column }: Original, what: string, begins: Position): CodeLine {
  const inLongLine = isLong(file, line) ? { column, beginsAt: begins.column } : {};
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

/** A stack that held a thread, and for how long. */
interface Vote {
  readonly stack: Stack;
  /** Its frame that is voted for. */
  readonly index: number;
  readonly weight: number;
}

/** Elects the stack that held a thread for most of a time. */
export class Votes {
  readonly #isOwn: OwnCode;
  /** By innermost own function. */
  readonly #byFunction = new Map<string, Vote[]>();
  /** By the blocking call or package that these functions called. */
  readonly #byCalled = new Map<string, Vote[]>();
  /** By own function that called them. */
  readonly #byCaller = new Map<string, Vote[]>();
  #total = 0;

  constructor(isOwn: OwnCode) {
    this.#isOwn = isOwn;
  }

  add(stack: Stack, weight: number): void {
    this.#total += weight;
    const index = innermost(stack, this.#isOwn);
    const vote = { stack, index, weight };
    append(this.#byFunction, functionKey(stack, this.#isOwn), vote);
    append(this.#byCalled, calledOf(stack.slice(0, index + 1)), vote);
    const counted = new Set<string>();
    for (const [at, frame] of stack.entries()) {
      const key = functionKey([frame], () => true);
      if (key !== undefined && at >= index && this.#isOwn(frame.file ?? "") && !counted.has(key)) {
        counted.add(key);
        // If it calls own code as well, that code is not what to point to.
        const from = at === index ? vote : { stack: stack.slice(at), index: 0, weight };
        append(this.#byCaller, key, from);
      }
    }
  }

  /**
   * The most frequent stack of the function that has half of the time; else of those functions that together
   * spend half of it in one blocking call or package; else of the function that calls others for half of it, as a
   * loop calls a generator. Undefined if there is none.
   */
  winner(): Stack | undefined {
    const half = ([, votes]: readonly [string, readonly Vote[]]) =>
      weightOf(votes) * 2 >= this.#total;
    const byWeight = (tally: ReadonlyMap<string, readonly Vote[]>) =>
      [...tally].filter(half).sort(([, a], [, b]) => weightOf(b) - weightOf(a));
    const [first] = [...byWeight(this.#byFunction), ...byWeight(this.#byCalled)];
    // Callers further out have at least as much of the time. One that was never innermost only forwards calls.
    const loop = byWeight(this.#byCaller).findLast(([key]) => this.#byFunction.has(key));
    const elected = first ?? loop;
    return elected && mostFrequent(elected[1]);
  }
}

function append(tally: Map<string, Vote[]>, key: string | undefined, vote: Vote): void {
  if (key !== undefined) {
    const votes = tally.get(key) ?? [];
    votes.push(vote);
    tally.set(key, votes);
  }
}

function weightOf(votes: readonly Vote[]): number {
  return votes.reduce((sum, { weight }) => sum + weight, 0);
}

/** The first stack at the line, and in the call, that has most of the time. */
function mostFrequent(votes: readonly Vote[]): Stack | undefined {
  const lineOf = ({ stack, index }: Vote) => `${stack[index]?.line} ${stack[index - 1]?.name}`;
  const [worst] = [...Map.groupBy(votes, lineOf).values()].sort(
    (a, b) => weightOf(b) - weightOf(a),
  );
  return worst?.[0]?.stack;
}

/** The blocking call or the package that a stack's outermost function calls. */
function calledOf(stack: Stack): string | undefined {
  const called = stack.at(-2);
  if (isBlockingCall(called)) {
    return called.name;
  }
  const file = stack.slice(0, -1).findLast((frame) => frame.file !== undefined)?.file;
  return file && packageOf(file);
}
