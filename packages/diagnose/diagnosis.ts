/**
 * All diagnoses, those of `npm run check` included, with the letter of the exercise that teaches how to avoid each.
 * Those without one concern every exercise (a wrong response) or not the code (a paused process).
 */
export const taughtBy = {
  /** The event loop stood still while its thread slept: a driver or *Sync call that blocks. */
  "loop-blocked-by-waiting": "A",
  /** The event loop stood still because its thread computed. */
  "loop-blocked-by-cpu": "C",
  /** The same, behind a promise or an async function that changed nothing. */
  "cpu-behind-a-promise": "C",
  "garbage-collection": undefined,
  /** The whole process was stopped from outside: SIGSTOP, a paused container, a debugger. */
  "process-paused": undefined,
  "cpu-throttled": undefined,
  /** More calls waited for libuv's threads than there are threads. */
  "libuv-pool-saturated": "D",
  /** DNS lookups waited for the half of libuv's pool that they may use. */
  "dns-lookups-queued": undefined,
  /** Waits that could have overlapped came one after another. */
  sequential: "H",
  /** A pool of one's own lets through fewer waits than arrive at once. */
  "pool-too-small": "A",
  "more-threads-than-cores": "C",
  "lost-on-abort": "G",
  "lost-at-shutdown": "G",
  /** The caller waited for work whose result nobody needs. */
  "reply-waits-for-work": "G",
  "unhandled-rejection": "G",
  /** Work went on after the client disconnected or the deadline passed. */
  "signal-ignored": "B",
  /** Everything is right but the time: each call does or awaits something besides its work. */
  "slower-than-its-work": undefined,
  /** A function that cannot be sent to another thread was handed to a pool. */
  "not-exported": "C",
  "wrong-answer": undefined,
  /** The result is right, but the executor is not the named one, or is wrong for the work. */
  "wrong-executor": undefined,
  /** A call got another call's data: state shared across an await, or results taken in order of arrival. */
  "mixed-up-calls": "E",
  "fails-beside-others": "E",
  /** The response did not come from the backend: not asked, asked and ignored, or invented. */
  "answer-not-from-backend": "B",
  /** The response is what the backend said earlier, or for another key. */
  "stale-value": "E",
  /** The backend is asked more often than the calls need. */
  "asks-too-often": "E",
  /** A failing backend is asked again and again, without a limit or a pause. */
  "retries-without-end": "B",
  "hides-failure": "H",
  /** The response came without the CPU time that its work needs. */
  "work-skipped": "C",
  "executor-per-call": "C",
  /** Threads, processes, timers or connections were still there after they were of use. */
  "left-behind": "C",
  "connection-per-call": "E",
  /** A response's body was not read, so its connection stays in use. */
  "body-not-read": "B",
  /** The event loop, or a thread of the service's own, is busy even without calls. */
  "loop-kept-busy": "C",
  "does-not-load": undefined,
  "type-error": undefined,
  "never-answers": undefined,
  /** The process of the service ended: an uncaught error, process.exit, a signal. */
  "ends-the-service": undefined,
  /** More memory, output or processes than the check allows. */
  "takes-too-much": undefined,
  /** The code changes what the check measures with, instead of doing the work. */
  "tampers-with-the-check": undefined,
} as const;

export type DiagnosisName = keyof typeof taughtBy;

/** A line of somebody's code. */
export interface CodeLine {
  /** Path that an editor can open, relative to the working directory if inside of it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1; only for a line too long to be shown whole, such as all of a bundle. */
  readonly column?: number;
  /** Column at which the function begins in such a line, which holds many. */
  readonly beginsAt?: number;
  /** Name of what is called there, such as "findUserBlocking". */
  readonly what: string;
}

/** A line and how often something was seen there. */
export interface CountedLine {
  readonly line: CodeLine;
  readonly count: number;
  /** 0 if it is not about time. */
  readonly totalMs: number;
}

export interface WorkerThread {
  /** File that it was started with, relative to the working directory if inside of it. */
  readonly file: string;
  /** Node's `threadId` of each such thread. */
  readonly ids: readonly number[];
}

/** A named mistake with its evidence. */
export interface Diagnosis {
  readonly name: DiagnosisName;
  /** What happened, with its numbers: a sentence or two. */
  readonly finding: string;
  /** Where to look; undefined if nothing points to a line. */
  readonly line?: CodeLine | undefined;
  /** Other lines with the same cause, the worst first. */
  readonly otherLines?: readonly CountedLine[] | undefined;
  /** Worker thread that it was in; undefined for the main thread or the whole process. */
  readonly thread?: WorkerThread | undefined;
  /** Identifies the cause, and stays the same when another line becomes the worst. Default: the name. */
  readonly id?: string | undefined;
  /** One next step: a sentence. */
  readonly nextStep: string;
  /** Heading of docs/fundamentals.md that explains it, as an anchor. */
  readonly readOn?: string;
  /** Figures for scripts, with units in the names, such as { blocked_ms: 512, cpu_ms: 3 }. */
  readonly numbers: Readonly<Record<string, number>>;
}

/** Watches this process for one kind of mistake, from its construction on. */
export interface DiagnosisWatch {
  /** What was found so far, the worst first. */
  diagnoses(): Diagnosis[];
  /** Diagnoses that explain this one, which is left out then. */
  readonly explainedBy?: readonly DiagnosisName[];
  /** Called every 250 ms. */
  round?(): void | Promise<void>;
  /** Called once, before `diagnoses()` is called for the last time. */
  stop?(): void;
}

/** Formats a time for people: "312 ms", "14.2 s". */
export function inWords(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms).toLocaleString("en")} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** Rounds a number for scripts, to a tenth. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

/** "once", "twice", "14 times" */
export function times(count: number): string {
  return count === 1 ? "once" : count === 2 ? "twice" : `${count.toLocaleString("en")} times`;
}

/** "for 312 ms", "14 times, for 312 ms at the longest and 3,140 ms in all" */
export function howLong(count: number, totalMs: number, maxMs: number): string {
  return count === 1
    ? `for ${inWords(totalMs)}`
    : `${times(count)}, for ${inWords(maxMs)} at the longest and ${inWords(totalMs)} in all`;
}

/** A location that an editor can open, such as "app.js:12", with the column if the line is long. */
export function shownLocation({ file, line, column }: CodeLine): string {
  return `${file}:${line}${column === undefined ? "" : `:${column}`}`;
}

/** Further lines are not kept. */
const maxLines = 50;
const maxShown = 4;

/** The lines at which one cause was seen. */
export class Sites {
  readonly #lines = new Map<string, CountedLine>();

  add(line: CodeLine, ms: number): void {
    const key = `${line.file}:${line.line}:${line.beginsAt}`;
    const before = this.#lines.get(key);
    if (before !== undefined || this.#lines.size < maxLines) {
      const { count = 0, totalMs = 0 } = before ?? {};
      this.#lines.set(key, { line: before?.line ?? line, count: count + 1, totalMs: totalMs + ms });
    }
  }

  /** The worst first. */
  read(): CountedLine[] {
    return [...this.#lines.values()].sort((a, b) => b.totalMs - a.totalMs || b.count - a.count);
  }
}

/** A sentence about the lines besides the worst; empty if there are none. */
export function alsoAt(others: readonly CountedLine[]): string {
  if (others.length === 0) {
    return "";
  }
  const shown = others.slice(0, maxShown).map(({ line, count, totalMs }) => {
    const time = totalMs > 0 ? `, ${inWords(totalMs)}` : "";
    return `${shownLocation(line)} (${line.what}, ${times(count)}${time})`;
  });
  const more = others.length - shown.length;
  const rest = more > 0 ? [`${more} more ${more === 1 ? "line" : "lines"}`] : [];
  return ` The same at ${listFormat.format([...shown, ...rest])}.`;
}

/** British: no comma before "and". */
const listFormat = new Intl.ListFormat("en-GB");
