/** The mistakes that have a name. */
export type DiagnosisName =
  /** The event loop stood still while its thread slept: a driver or *Sync call that blocks. */
  | "loop-blocked-by-waiting"
  /** The event loop stood still because its thread computed. */
  | "loop-blocked-by-cpu"
  /** The same, behind a promise or an async function that changed nothing. */
  | "cpu-behind-a-promise"
  /** The event loop stood still because V8 collected garbage. */
  | "garbage-collection"
  /** The whole process was stopped from outside: SIGSTOP, a paused container, a debugger. */
  | "process-paused"
  /** The cgroup's CPU limit kept the process from computing. */
  | "cpu-throttled"
  /** More waited for libuv's threads than there are. */
  | "libuv-pool-saturated"
  /** Look-ups of names waited for the half of libuv's pool that they may use. */
  | "dns-lookups-queued"
  /** Waits that could have overlapped came one after another. */
  | "sequential"
  /** A pool of somebody's own lets through fewer waits than come at once. */
  | "pool-too-small"
  /** More threads computed at once than there are cores. */
  | "more-threads-than-cores"
  /** Work after the reply was lost when its caller hung up. */
  | "lost-on-abort"
  /** Work after the reply was lost when the service was asked to stop. */
  | "lost-at-shutdown"
  /** The caller waited for work that nobody needs the result of. */
  | "reply-waits-for-work"
  /** A promise was rejected and nobody looked. */
  | "unhandled-rejection"
  /** Work went on for a caller who had gone, or past its deadline. */
  | "signal-ignored"
  /** All is right but the time: each call does or awaits something besides its work. */
  | "slower-than-its-work"
  /** A function that can't be sent to another thread was handed to a pool. */
  | "not-exported"
  /** The answer is not what was asked for. */
  | "wrong-answer"
  /** The result is right, and it came from a place that the decision does not name, or that is wrong for it. */
  | "wrong-place"
  /** A call got another call's data: state shared across an await, or results taken in order of arrival. */
  | "mixed-up-calls"
  /** A call that is answered alone fails while others are in progress. */
  | "fails-beside-others"
  /** The answer did not come from the backend: not asked, asked and ignored, or invented. */
  | "answer-not-from-backend"
  /** The answer is what the backend said earlier, or for another key. */
  | "stale-value"
  /** The backend is asked more often than the calls need. */
  | "asks-too-often"
  /** A failing backend is asked again and again, without a limit or a pause. */
  | "retries-without-end"
  /** A failing backend was answered as a success. */
  | "hides-failure"
  /** Work was answered without the CPU time that it needs. */
  | "work-skipped"
  /** Each call started a thread, a process or a pool of its own. */
  | "executor-per-call"
  /** Threads, processes, timers or connections were still there when they were of no use any more. */
  | "left-behind"
  /** Each call opened a connection of its own. */
  | "connection-per-call"
  /** A response's body was not read, so that its connection stays taken. */
  | "body-not-read"
  /** The event loop is busy also when nobody calls. */
  | "loop-kept-busy"
  /** The code changes what the check measures with, instead of doing the work. */
  | "tampers-with-the-check";

/** A line of somebody's code. */
export interface CodeLine {
  /** A path that an editor can open, relative to the working directory where it can be. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1; only of a line that is too long to be read whole, such as all of a bundle. */
  readonly column?: number;
  /** Where the function begins in such a line, which has many. */
  readonly beginsAt?: number;
  /** What is called there, such as "findUserBlocking". */
  readonly what: string;
}

/** A line with how often something was seen there. */
export interface CountedLine {
  readonly line: CodeLine;
  readonly count: number;
  /** 0 where it is not about time. */
  readonly totalMs: number;
}

export interface WorkerThread {
  /** The file that it was started with, relative to the working directory where it can be. */
  readonly file: string;
  /** Node's `threadId` of each that was seen. */
  readonly ids: readonly number[];
}

/** A named mistake with its evidence. */
export interface Diagnosis {
  readonly name: DiagnosisName;
  /** What happened, with its numbers: a sentence or two. */
  readonly finding: string;
  /** Where to look; undefined when nothing points to a line. */
  readonly line?: CodeLine;
  /** Where the same cause was seen too, the worst first. */
  readonly otherLines?: readonly CountedLine[];
  /** The worker thread that it was in; undefined for the main thread, and for what is no thread's. */
  readonly thread?: WorkerThread;
  /** Names the cause: it stays the same when the worst line becomes another. The name, if undefined. */
  readonly id?: string;
  /** One next step: a sentence. */
  readonly nextStep: string;
  /** For scripts, with units in the names, such as { blocked_ms: 512, cpu_ms: 3 }. */
  readonly numbers: Readonly<Record<string, number>>;
}
