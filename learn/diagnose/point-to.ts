import type { CodeLine } from "./diagnosis.ts";
import { packageOf, shownPath } from "./own-code.ts";
import { findCall, isAsyncFunction, isLong, isPutOff } from "./source.ts";
import { type Original, originalOf } from "./source-map.ts";
import { type Frame, innermost, type OwnCode, type Position, type Stack } from "./stack.ts";

/** What a stack points to. */
export interface Pointed {
  readonly line: CodeLine;
  /** Whether a promise or an async function is around it, which its author may have thought would help. */
  readonly isAsync: boolean;
  /** Names what is to be mended, which can be seen in several lines: a package, a call that blocks, a function. */
  readonly cause: Cause;
}

export interface Cause {
  readonly id: string;
  /** The package that is called, if it is one. */
  readonly package: string | undefined;
}

/**
 * The line to look at: where the person's own code is, or where it calls what does the work. It is what
 * they wrote, where there is a source map.
 */
export function pointTo(stack: Stack, isOwn: OwnCode): Pointed | undefined {
  const places = stack.map((_, index) => placeOf(stack, index));
  const own = places.findIndex((place) => place !== undefined && isOwn(place.file));
  const index = own === -1 ? innermost(stack, isOwn) : own;
  const place = places[index];
  const frame = stack[index];
  if (place === undefined || frame?.file === undefined) {
    return undefined;
  }
  const isPromised = stack.some(
    (one) => one.file !== undefined && isOwn(one.file) && isPutOff(one.file, one.begins),
  );
  const inner = stack[index - 1];
  const called = inner?.file === undefined ? inner?.name : (place.name ?? inner.name);
  return {
    line: toCodeLine(place, called || frame.name || "a function without a name", frame.begins),
    isAsync: isPromised || isAsyncFunction(frame.file, frame.begins),
    cause: causeOf(
      // From the line inwards: what it calls first is what its author knows.
      places.slice(0, isOwn(place.file) ? index : index + 1).reverse(),
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
  const calledFile = inwards.find((place) => place !== undefined)?.file;
  const packageName = calledFile && packageOf(calledFile);
  if (packageName !== undefined) {
    return { id: `package ${packageName}`, package: packageName };
  }
  const id = called?.endsWith("Sync")
    ? `call ${called}`
    : `function ${name} ${file}:${begins.line}`;
  return { id, package: undefined };
}

/** A line for people, with the column where the line alone does not tell. */
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

/** Where a frame is in what its author wrote; undefined when only its file is known, or nothing. */
function placeOf(stack: Stack, index: number): Original | undefined {
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
