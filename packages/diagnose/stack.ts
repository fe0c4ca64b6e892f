import { dirname, isAbsolute, relative, sep } from "node:path";

/** A function on a thread's stack. */
export interface Frame {
  /** Empty if it has none. */
  readonly name: string;
  /** Path; undefined for what is in no file: Node's own, native or evaluated code. */
  readonly file: string | undefined;
  /** Current line, from 1; undefined if it was not seen. */
  readonly line?: number | undefined;
  /** Current column, from 1; undefined if it was not seen. */
  readonly column?: number | undefined;
  /** Line at which it was seen when it was innermost; undefined if it was not. */
  readonly nearLine?: number | undefined;
  /** Where the function begins. */
  readonly begins: Position;
}

/** Both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where a function begins that is the body of a module, or whose beginning is unknown. */
export const fileStart: Position = { line: 1, column: 1 };

/** Innermost first. */
export type Stack = readonly Frame[];

/** Whether the code of a file is the user's own, so that a line of it can be changed. */
export type OwnCode = (file: string) => boolean;

/** All code except packages. */
export function isOwnCode(file: string): boolean {
  return !file.includes(`${sep}node_modules${sep}`);
}

/** Package that a file belongs to, such as "pg" or "@redis/client"; undefined if none. */
export function packageOf(file: string): string | undefined {
  const [, name] = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(file) ?? [];
  return name?.replace("\\", "/");
}

/** Path relative to the working directory if inside of it, as people would type it. A URL stays one. */
export function shownPath(file: string): string {
  if (!isAbsolute(file)) {
    return file;
  }
  const short = relative(process.cwd(), file);
  return short === "" || short.startsWith("..") ? file : short;
}

/** Index of the innermost frame of the user's own code, else of any file; -1 if there is none. */
export function innermost(stack: Stack, isOwn: OwnCode): number {
  const own = stack.findIndex(({ file }) => file !== undefined && isOwn(file));
  return own === -1 ? stack.findIndex(({ file }) => file !== undefined) : own;
}

/** Identifies the function of the innermost own frame; undefined if no frame is in a file. */
export function functionKey(stack: Stack, isOwn: OwnCode): string | undefined {
  const frame = stack[innermost(stack, isOwn)];
  return frame && `${frame.file}:${frame.begins.line}:${frame.begins.column}`;
}

/** Whether a frame is one of Node's blocking functions, such as readFileSync. */
export function isBlockingCall(frame: Frame | undefined): frame is Frame {
  return frame !== undefined && frame.file === undefined && frame.name.endsWith("Sync");
}

/** Whether the program was loading its modules: it serves nobody yet, so nobody waits. */
export function isLoading(stack: Stack): boolean {
  const outermost = stack.findLast(({ file }) => file !== undefined);
  // The body of a module is a function without a name that begins where its file does.
  return outermost?.name === "" && outermost.begins.line === 1 && outermost.begins.column === 1;
}

/** Node's flags for code on the command line. */
export const codeFlags = /^(-e|--eval(=.*)?|-p|--print(=.*)?|-pe)$/;

/** Whether a script is the code of `node -e` or of standard input: the user's own, but in no file. */
export function isEvaluated(script: string): boolean {
  return script === "[eval]" || script === "[stdin]";
}

/**
 * Path of a script as V8 names it: V8 has URLs for modules and paths for other scripts. The code that watches
 * counts as being in no file.
 */
export function toFile(script: string): string | undefined {
  if (isEvaluated(script)) {
    return script;
  }
  const file = script.startsWith("file:") ? pathOf(script) : script;
  return isAbsolute(file) && dirname(file) !== import.meta.dirname ? file : undefined;
}

/** Like `fileURLToPath`, which must not be called while the program may be in the middle of parsing a URL itself. */
function pathOf(url: string): string {
  const ends = ["?", "#"].map((mark) => url.indexOf(mark)).filter((at) => at !== -1);
  const path = decodeURIComponent(url.slice("file://".length, Math.min(url.length, ...ends)));
  return sep === "\\" ? path.slice(1).replaceAll("/", sep) : path;
}

/** Frames further out only call handlers. */
export const maxFrames = 64;

/**
 * Captures the caller's stack; each frame has its line and column. May run in the middle of any call of the
 * program's, also to Node: what Node does by way of shared state, such as parsing URLs, must not be done here.
 */
export function captureStack(): Stack {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  let sites: readonly NodeJS.CallSite[] = [];
  try {
    Error.stackTraceLimit = maxFrames;
    Error.prepareStackTrace = (_, captured) => {
      sites = captured;
      return "";
    };
    Error.captureStackTrace(holder, captureStack);
    // V8 formats the stack on access.
    void holder.stack;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
  return (
    sites
      // Functions that await are not on the stack: V8 adds them for people.
      .filter((site) => !site.isAsync())
      .map((site) => ({
        name: site.getFunctionName() ?? "",
        file: toFile(site.getFileName() ?? ""),
        line: site.getLineNumber() ?? undefined,
        column: site.getColumnNumber() ?? undefined,
        begins: {
          line: site.getEnclosingLineNumber() ?? 0,
          column: site.getEnclosingColumnNumber() ?? 0,
        },
      }))
  );
}
