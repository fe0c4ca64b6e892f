import type { CodeLine } from "./diagnosis.ts";
import { shownPath } from "./own-code.ts";
import { findCall, isAsyncFunction, isPutOff } from "./source.ts";
import { innermost, type OwnCode, type Stack } from "./stack.ts";

/** What a stack points to. */
export interface Pointed {
  readonly line: CodeLine;
  /** Whether a promise or an async function is around it, which its author may have thought would help. */
  readonly isAsync: boolean;
}

/** The line to look at: where the person's own code is, or where it calls what does the work. */
export function pointTo(stack: Stack, isOwn: OwnCode): Pointed | undefined {
  const index = innermost(stack, isOwn);
  const frame = stack[index];
  if (frame?.file === undefined) {
    return undefined;
  }
  const { file, begins } = frame;
  const called = stack[index - 1]?.name ?? "";
  const isKnown = begins.line > 1 || begins.column > 1;
  const line =
    frame.line ??
    findCall(file, begins, called, frame.nearLine) ??
    (isKnown ? begins.line : undefined);
  if (line === undefined) {
    return undefined;
  }
  const isPromised = stack.some(
    (one) => one.file !== undefined && isOwn(one.file) && isPutOff(one.file, one.begins),
  );
  return {
    line: {
      file: shownPath(file),
      line,
      what: called || frame.name || "a function without a name",
    },
    isAsync: isPromised || isAsyncFunction(file, begins),
  };
}
