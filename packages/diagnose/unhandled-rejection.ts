import {
  alsoAt,
  type CodeLine,
  type CountedLine,
  type Diagnosis,
  type DiagnosisWatch,
  Sites,
  times,
} from "./diagnosis.ts";
import { pointTo } from "./point-to.ts";
import { fileStart, isOwnCode, type Stack, toFile } from "./stack.ts";

/** Unhandled rejections of one cause. */
interface Rejections {
  /** Message of the first one. */
  readonly message: string;
  /** Line that most came from; undefined if their stacks do not say. */
  readonly line: CodeLine | undefined;
  readonly otherLines?: readonly CountedLine[];
  readonly count: number;
  /** Function of the line, or what the line calls. */
  readonly cause?: string;
}

const isStrict = `${process.execArgv.join(" ")} ${process.env.NODE_OPTIONS}`.includes(
  "--unhandled-rejections=strict",
);

/** Rejections of further causes are ignored. */
const maxCauses = 100;
const maxMessageLength = 100;

/**
 * Finds unhandled rejections.
 *
 * With a listener Node would no longer end the process on a rejection. So this wraps `process.emit`, by which Node
 * calls the program's own listeners, if any.
 */
export class RejectionWatch implements DiagnosisWatch {
  readonly #causes = new Map<string, { message: string; sites: Sites; count: number }>();
  readonly #emit = process.emit;
  readonly #wrapped: (event: string, ...args: unknown[]) => boolean;
  #last: unknown;
  /** Why Node could not load the program; undefined if it could, or while it runs. */
  loadError: string | undefined;

  constructor() {
    const emit = this.#emit;
    const onRejection = (reason: unknown) => this.#add(reason);
    this.#wrapped = function (this: NodeJS.Process, event: string, ...args: unknown[]): boolean {
      if (event === "unhandledRejection") {
        onRejection(args[0]);
      }
      return Reflect.apply(emit, this, [event, ...args]);
    };
    Object.assign(process, { emit: this.#wrapped });
    process.on("uncaughtExceptionMonitor", this.#onError);
  }

  #add(reason: unknown): void {
    this.#last = reason;
    const { message, stack } = describe(reason);
    const pointed = pointTo(toStack(stack), isOwnCode);
    const id = pointed?.cause.id ?? "unknown";
    const cause = this.#causes.get(id) ?? { message, sites: new Sites(), count: 0 };
    cause.count++;
    if (pointed !== undefined) {
      cause.sites.add(pointed.line, 0);
    }
    if (this.#causes.size < maxCauses) {
      this.#causes.set(id, cause);
    }
  }

  readonly #onError = (error: unknown, origin: string) => {
    if (origin !== "unhandledRejection" || error === this.#last) {
      return;
    }
    // Node calls no listener if the program's main module fails to load or to run.
    if (isLoadError(error)) {
      this.loadError = describe(error).summary;
    } else if (isStrict) {
      // The process ends before listeners are called.
      this.#add(error);
    }
  };

  diagnoses(): Diagnosis[] {
    return [...this.#causes].map(([cause, { message, sites, count }]) => {
      const [first, ...otherLines] = sites.read();
      return diagnoseRejections({ message, line: first?.line, otherLines, count, cause });
    });
  }

  stop(): void {
    process.off("uncaughtExceptionMonitor", this.#onError);
    if (process.emit === this.#wrapped) {
      Object.assign(process, { emit: this.#emit });
    }
  }
}

export function diagnoseRejections(rejections: Rejections): Diagnosis {
  const { message, line, otherLines = [], count, cause } = rejections;
  const [firstLine = ""] = message.split("\n");
  const shown =
    firstLine.length > maxMessageLength ? `${firstLine.slice(0, maxMessageLength)}…` : firstLine;
  return {
    name: "unhandled-rejection",
    finding: `A promise was rejected ${times(count)} and nobody handled it ("${shown}"): without a listener that ends the process, with all its calls.${alsoAt(otherLines)}`,
    id: cause && `unhandled-rejection ${cause}`,
    line,
    otherLines,
    nextStep: "Await the promise where a failure is handled, or give it a catch().",
    readOn: "after-the-reply",
    numbers: { rejections: count },
  };
}

/** A reason's message, its first line with the class of the error, and its stack. */
function describe(reason: unknown): { message: string; summary: string; stack: string } {
  try {
    const [summary = ""] = String(reason).split("\n");
    return reason instanceof Error
      ? { message: reason.message, summary, stack: String(reason.stack) }
      : { message: String(reason), summary, stack: "" };
  } catch {
    // The reason's own code can throw, which must not end the process.
    const message = "something that can't be shown";
    return { message, summary: message, stack: "" };
  }
}

/** Whether Node found no code that it could run. */
function isLoadError(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return error instanceof SyntaxError || /MODULE|_IMPORT|_EXTENSION|_TYPESCRIPT/.test(code);
}

/** Reads the text of an error's stack. */
function toStack(text: string): Stack {
  return text.split("\n").flatMap((line) => {
    const match = /^\s+at (?:(?:async |new )?(.*) \()?(.+):(\d+):(\d+)\)?$/.exec(line);
    if (match === null) {
      return [];
    }
    const [, name = "", script = ""] = match;
    const position = { line: Number(match[3]), column: Number(match[4]) };
    // Functions without a name are told apart by their lines.
    const begins = name === "" ? position : fileStart;
    return { name, file: toFile(script.replace(/^async /, "")), ...position, begins };
  });
}
