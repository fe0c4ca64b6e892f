import type { CodeLine } from "./diagnosis.ts";
import { shownPlace } from "./own-code.ts";
import { toCodeLine } from "./point-to.ts";
import { originalOf } from "./source-map.ts";
import { type OwnCode, toFile } from "./stack.ts";

/** Rejections of one line that nobody handled. */
export interface Rejections {
  /** What the first one says. */
  readonly message: string;
  /** Where it came from; undefined when its stack does not say. */
  readonly line: CodeLine | undefined;
  readonly count: number;
}

export interface RejectionWatch {
  read(): readonly Rejections[];
  stop(): void;
}

/** Rejections whose lines are not known would never end otherwise. */
const mostKinds = 100;

/**
 * Watches for promises that are rejected and that nobody handles.
 *
 * A listener would change what Node does about them: one is enough for a process to live on. So it
 * listens in on what Node says to the listeners, if any.
 */
export function watchRejections(isOwn: OwnCode): RejectionWatch {
  const kinds = new Map<string, Rejections>();
  let last: unknown;
  const note = (reason: unknown) => {
    last = reason;
    const { message, stack } = describe(reason);
    const line = lineOf(stack, isOwn);
    const key = line ? shownPlace(line) : message;
    const before = kinds.get(key);
    if (before !== undefined || kinds.size < mostKinds) {
      kinds.set(key, { message, line, ...before, count: (before?.count ?? 0) + 1 });
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
  // With --unhandled-rejections=strict the process ends before that.
  const onEnd = (error: unknown, origin: string) => {
    if (origin === "unhandledRejection" && error !== last) {
      note(error);
    }
  };
  process.on("uncaughtExceptionMonitor", onEnd);
  return {
    read: () => [...kinds.values()],
    stop: () => {
      process.off("uncaughtExceptionMonitor", onEnd);
      if (process.emit === listening) {
        Object.assign(process, { emit });
      }
    },
  };
}

function describe(reason: unknown): { readonly message: string; readonly stack: string } {
  try {
    return reason instanceof Error
      ? { message: reason.message, stack: reason.stack ?? "" }
      : { message: String(reason), stack: "" };
  } catch {
    // Its own code can fail, and that must not end the process.
    return { message: "something that can't be shown", stack: "" };
  }
}

/** Where an error came from: the innermost of the person's own lines. */
function lineOf(stack: string, isOwn: OwnCode): CodeLine | undefined {
  for (const text of stack.split("\n")) {
    const match = /^\s+at (?:(?:async |new )?(.*) \()?(.+):(\d+):(\d+)\)?$/.exec(text);
    const file = toFile(match?.[2]?.replace(/^async /, "") ?? "");
    if (file !== undefined) {
      const position = { line: Number(match?.[3]), column: Number(match?.[4]) };
      const place = originalOf(file, position) ?? { file, ...position };
      if (isOwn(place.file)) {
        return toCodeLine(place, match?.[1] ?? "a function without a name");
      }
    }
  }
  return undefined;
}
