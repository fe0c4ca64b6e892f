import type { CodeLine, CountedLine } from "./diagnosis.ts";
import { packageOf } from "./own-code.ts";
import { toCodeLine } from "./point-to.ts";
import { Sites } from "./sites.ts";
import { originalOf } from "./source-map.ts";
import { type OwnCode, toFile } from "./stack.ts";

/** Rejections of one cause that nobody handled. */
export interface Rejections {
  /** What the first one says. */
  readonly message: string;
  /** Where most came from; undefined when their stacks do not say. */
  readonly line: CodeLine | undefined;
  /** Where others came from. */
  readonly otherLines?: readonly CountedLine[];
  readonly count: number;
  /** A function, or a package that the line calls. */
  readonly cause?: string;
}

export interface RejectionWatch {
  read(): readonly Rejections[];
  /** Why Node could not load the program; undefined if it could, or while it runs. */
  loadError(): string | undefined;
  stop(): void;
}

const isStrict = `${process.execArgv.join(" ")} ${process.env.NODE_OPTIONS}`.includes(
  "--unhandled-rejections=strict",
);

/** More functions than that are not told apart. */
const maxKinds = 100;

interface Kind {
  readonly message: string;
  readonly sites: Sites;
  count: number;
}

/** Where a rejection came from. */
interface Origin {
  readonly line: CodeLine | undefined;
  readonly cause: string;
}

/**
 * Watches for promises that are rejected and that nobody handles.
 *
 * A listener would change what Node does about them: one is enough for a process to live on. So it
 * listens in on what Node says to the listeners, if any.
 */
export function watchRejections(isOwn: OwnCode): RejectionWatch {
  const kinds = new Map<string, Kind>();
  let last: unknown;
  const note = (reason: unknown) => {
    last = reason;
    const { message, stack } = describe(reason);
    const { line, cause } = originOf(stack, isOwn);
    const kind = kinds.get(cause) ?? { message, sites: new Sites(), count: 0 };
    kind.count++;
    if (line !== undefined) {
      kind.sites.add(line, 0);
    }
    if (kinds.has(cause) || kinds.size < maxKinds) {
      kinds.set(cause, kind);
    }
  };
  const emit = process.emit;
  const listening = function (this: NodeJS.Process, event: string, ...args: unknown[]): boolean {
    if (event === "unhandledRejection") {
      note(args[0]);
    }
    return Reflect.apply(emit, this, [event, ...args]);
  };
  Object.assign(process, { emit: listening });
  let loadError: string | undefined;
  const onEnd = (error: unknown, origin: string) => {
    if (origin !== "unhandledRejection" || error === last) {
      return;
    }
    // No listener is asked when the program's own module fails: to be loaded, or by itself.
    if (isLoadError(error)) {
      loadError = describe(error).summary;
    } else if (isStrict) {
      // The process ends before listeners are asked.
      note(error);
    }
  };
  process.on("uncaughtExceptionMonitor", onEnd);
  return {
    read: () =>
      [...kinds].map(([cause, { message, sites, count }]) => {
        const [first, ...otherLines] = sites.read();
        return { message, line: first?.line, otherLines, count, cause };
      }),
    loadError: () => loadError,
    stop: () => {
      process.off("uncaughtExceptionMonitor", onEnd);
      if (process.emit === listening) {
        Object.assign(process, { emit });
      }
    },
  };
}

interface Described {
  readonly message: string;
  /** The first line, with the kind of error. */
  readonly summary: string;
  readonly stack: string;
}

function describe(reason: unknown): Described {
  try {
    const [summary = ""] = String(reason).split("\n");
    return reason instanceof Error
      ? { message: reason.message, summary, stack: reason.stack ?? "" }
      : { message: String(reason), summary, stack: "" };
  } catch {
    // Its own code can fail, and that must not end the process.
    const message = "something that can't be shown";
    return { message, summary: message, stack: "" };
  }
}

/** Whether Node found no code that it could run. */
function isLoadError(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return error instanceof SyntaxError || /MODULE|_IMPORT|_EXTENSION|_TYPESCRIPT/.test(code);
}

/** The innermost of the person's own lines, and the function that it is in or the package that it calls. */
function originOf(stack: string, isOwn: OwnCode): Origin {
  let called: string | undefined;
  for (const text of stack.split("\n")) {
    const match = /^\s+at (?:(?:async |new )?(.*) \()?(.+):(\d+):(\d+)\)?$/.exec(text);
    const file = toFile(match?.[2]?.replace(/^async /, "") ?? "");
    if (file !== undefined) {
      const position = { line: Number(match?.[3]), column: Number(match?.[4]) };
      const place = originalOf(file, position) ?? { file, ...position };
      const name = match?.[1];
      if (isOwn(place.file)) {
        return {
          line: toCodeLine(place, name ?? "a function without a name"),
          cause: called ?? `function ${name ?? position.line} ${file}`,
        };
      }
      const packageName = packageOf(place.file);
      called = packageName === undefined ? called : `package ${packageName}`;
    }
  }
  return { line: undefined, cause: called ?? "unknown" };
}
