import { dirname, isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";

/** A function on a thread's stack. */
export interface Frame {
  /** Empty when it has none. */
  readonly name: string;
  /** Its path; undefined when it is in no file: Node's own, native, or evaluated. */
  readonly file: string | undefined;
  /** The line it is at, from 1; undefined when that was not seen. */
  readonly line: number | undefined;
  /** The column there, from 1; undefined when that was not seen. */
  readonly column: number | undefined;
  /** A line that it was at when it was seen innermost; undefined when it was not. */
  readonly nearLine: number | undefined;
  /** Where the function begins. */
  readonly begins: Position;
}

/** Both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Innermost first. */
export type Stack = readonly Frame[];

/** Says of a path whether the code there is the person's, and so a line that they can mend. */
export type OwnCode = (file: string) => boolean;

/** Where to look: the innermost of the person's own functions, or else of any that is in a file; -1 if none is. */
export function innermost(stack: Stack, isOwn: OwnCode): number {
  const own = stack.findIndex(({ file }) => file !== undefined && isOwn(file));
  return own === -1 ? stack.findIndex(({ file }) => file !== undefined) : own;
}

/** Tells one function from another; undefined when none is in a file. */
export function functionKey(stack: Stack, isOwn: OwnCode): string | undefined {
  const frame = stack[innermost(stack, isOwn)];
  return frame && `${frame.file}:${frame.begins.line}:${frame.begins.column}`;
}

/** Whether a program was loading its modules then: nobody is served yet, so nobody waits. */
export function isLoading(stack: Stack): boolean {
  const outermost = stack.findLast(({ file }) => file !== undefined);
  // The body of a module is a function without a name that begins where its file does.
  return outermost?.name === "" && outermost.begins.line === 1 && outermost.begins.column === 1;
}

/** Whether a script is the code of `node -e` or of standard input, which is somebody's and in no file. */
export function isEvaluated(script: string): boolean {
  return script === "[eval]" || script === "[stdin]";
}

/**
 * The path of a script as V8 names it, which is a URL for modules and a path for the rest. The code
 * that watches is in no file: nobody is to look there.
 */
export function toFile(script: string): string | undefined {
  if (isEvaluated(script)) {
    return script;
  }
  const file = script.startsWith("file:") ? fileURLToPath(script) : script;
  return isAbsolute(file) && dirname(file) !== import.meta.dirname ? file : undefined;
}
