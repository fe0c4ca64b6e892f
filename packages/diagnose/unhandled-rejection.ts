import {
  alsoAt,
  type CodeLine,
  type CountedLine,
  type Diagnosis,
  type DiagnosisWatch,
  Sites,
  times,
} from "./diagnosis.ts";
import { toCodeLine } from "./point-to.ts";
import { originalOf } from "./source-map.ts";
import { type OwnCode, packageOf, toFile } from "./stack.ts";

/** Unhandled rejections of one cause. */
export interface Rejections {
  /** Message of the first one. */
  readonly message: string;
  /** Line that most came from; undefined if their stacks do not say. */
  readonly line: CodeLine | undefined;
  /** Further lines that they came from. */
  readonly otherLines?: readonly CountedLine[];
  readonly count: number;
  /** Function of the line, or the package that the line calls. */
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
  readonly #isOwn: OwnCode;
  readonly #causes = new Map<string, { message: string; sites: Sites; count: number }>();
  readonly #emit = process.emit;
  readonly #wrapped: (event: string, ...args: unknown[]) => boolean;
  #last: unknown;
  /** Why Node could not load the program; undefined if it could, or while it runs. */
  loadError: string | undefined;

  constructor(isOwn: OwnCode) {
    this.#isOwn = isOwn;
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
    const { line, cause } = originOf(stack, this.#isOwn);
    const one = this.#causes.get(cause) ?? { message, sites: new Sites(), count: 0 };
    one.count++;
    if (line !== undefined) {
      one.sites.add(line, 0);
    }
    if (this.#causes.has(cause) || this.#causes.size < maxCauses) {
      this.#causes.set(cause, one);
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
    otherLines: otherLines.length === 0 ? undefined : otherLines,
    nextStep: "Await the promise where a failure is handled, or give it a catch().",
    readOn: "after-the-reply",
    numbers: { rejections: count },
  };
}

interface Description {
  readonly message: string;
  /** First line, with the class of the error. */
  readonly summary: string;
  readonly stack: string;
}

function describe(reason: unknown): Description {
  try {
    const [summary = ""] = String(reason).split("\n");
    return reason instanceof Error
      ? { message: reason.message, summary, stack: reason.stack ?? "" }
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

/** The innermost own line of an error's stack, and its function or the package that it calls. */
function originOf(
  stack: string,
  isOwn: OwnCode,
): { readonly line: CodeLine | undefined; readonly cause: string } {
  let called: string | undefined;
  for (const text of stack.split("\n")) {
    const match = /^\s+at (?:(?:async |new )?(.*) \()?(.+):(\d+):(\d+)\)?$/.exec(text);
    const file = toFile(match?.[2]?.replace(/^async /, "") ?? "");
    if (file !== undefined) {
      const position = { line: Number(match?.[3]), column: Number(match?.[4]) };
      const location = originalOf(file, position) ?? { file, ...position };
      const name = match?.[1];
      if (isOwn(location.file)) {
        return {
          line: toCodeLine(location, name ?? "a function without a name"),
          cause: called ?? `function ${name ?? position.line} ${file}`,
        };
      }
      const packageName = packageOf(location.file);
      called = packageName === undefined ? called : `package ${packageName}`;
    }
  }
  return { line: undefined, cause: called ?? "unknown" };
}
