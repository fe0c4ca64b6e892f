import { type Runtime, Session } from "node:inspector";
import { availableParallelism } from "node:os";
import type { EventLoopUtilization } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { CallSiteObject } from "node:util";
import type { Worker } from "node:worker_threads";
import type { CodeLine, Diagnosis, DiagnosisWatch } from "./diagnosis.ts";
import { pointTo, Votes } from "./point-to.ts";
import { fileStart, innermost, isOwnCode, maxFrames, type Stack, toFile } from "./stack.ts";

/** Time over which a thread's CPU time is measured. */
const measureMs = 250;
/** CPU time in that time below which a thread waits. */
const minCpuMs = 5;
/** Utilization of a thread's event loop from which the thread is busy. */
const minUtilization = 0.9;

interface Watched {
  readonly thread: Worker;
  loop: EventLoopUtilization;
  /** Resolves when the thread has ended: requests to it may stay without a response then. */
  readonly ended: Promise<0>;
}

/** Finds that more worker threads compute at once than there are cores, of those started from now on. */
export class ThreadsWatch implements DiagnosisWatch {
  readonly #cores = availableParallelism();
  readonly #threads = new Set<Watched>();
  #maxComputing = this.#cores;
  /** Line at which one of them computed; undefined if it was not seen. */
  #line: CodeLine | undefined;
  #isMeasuring = false;
  /** Whether the program has started worker threads. */
  hasWorkers = false;

  constructor() {
    process.on("worker", this.#onThread);
  }

  readonly #onThread = (thread: Worker): void => {
    this.hasWorkers = true;
    const { promise: ended, resolve } = Promise.withResolvers<0>();
    const watched = { thread, loop: thread.performance.eventLoopUtilization(), ended };
    this.#threads.add(watched);
    thread.once("exit", () => {
      this.#threads.delete(watched);
      resolve(0);
    });
  };

  /** Measures CPU times only if more threads than cores were busy since the last call. */
  async round(): Promise<void> {
    const candidates = [...this.#threads].filter(wasBusy);
    if (candidates.length > this.#cores && !this.#isMeasuring) {
      this.#isMeasuring = true;
      try {
        await this.#measure(candidates);
      } finally {
        this.#isMeasuring = false;
      }
    }
  }

  async #measure(threads: readonly Watched[]): Promise<void> {
    const computing = await computingOf(threads);
    if (computing.length <= this.#maxComputing) {
      return;
    }
    const stacks = await captureThreadStacks(computing.map(({ thread }) => thread.threadId));
    // A thread that was done by then waits where its stack says.
    const still = await computingOf(computing);
    const working = still
      .map(({ thread }) => stacks.get(thread.threadId) ?? [])
      .filter((stack) => innermost(stack, isOwnCode) !== -1);
    if (working.length > this.#maxComputing) {
      this.#maxComputing = working.length;
      this.#line = this.#lineOf(working);
    }
  }

  #lineOf(stacks: readonly Stack[]): CodeLine | undefined {
    const votes = new Votes(isOwnCode);
    for (const stack of stacks) {
      votes.add(stack, 1);
    }
    const stack = votes.winner();
    return stack && pointTo(stack, isOwnCode)?.line;
  }

  diagnoses(): Diagnosis[] {
    return diagnoseThreads(this.#maxComputing, this.#cores, this.#line);
  }

  stop(): void {
    process.off("worker", this.#onThread);
  }
}

/** @param maxComputing maximum of the worker threads that computed at once */
export function diagnoseThreads(
  maxComputing: number,
  cores: number,
  line: CodeLine | undefined,
): Diagnosis[] {
  if (maxComputing <= cores) {
    return [];
  }
  return [
    {
      name: "more-threads-than-cores",
      finding: `${maxComputing} worker threads computed at once on ${cores} cores: they took the cores from each other and from the event loop, so that none was done sooner and all were done late.`,
      line,
      nextStep: `Compute in a pool of ${cores} threads, one per core, and let the rest wait in its queue.`,
      readOn: "worker-threads",
      numbers: { computing_at_once: maxComputing, cores },
    },
  ];
}

/** Whether the thread's loop was hardly idle since the last call. */
function wasBusy(watched: Watched): boolean {
  const { performance } = watched.thread;
  const now = performance.eventLoopUtilization();
  const { utilization } = performance.eventLoopUtilization(now, watched.loop);
  watched.loop = now;
  return utilization > minUtilization;
}

/**
 * Threads that compute for the next 250 ms. A thread is also busy while it waits in a blocking call; only one that
 * computes uses CPU time.
 */
async function computingOf(threads: readonly Watched[]): Promise<Watched[]> {
  const cpuMs = await Promise.all(threads.map(cpuMsOf));
  // Threads that compute get similar shares of the cores, however small these are.
  const share = Math.max(minCpuMs, Math.max(...cpuMs) / 3);
  return threads.filter((_, index) => (cpuMs[index] ?? 0) >= share);
}

/** CPU time that a thread uses from now on for 250 ms; 0 if it ends meanwhile. */
function cpuMsOf({ thread, ended }: Watched): Promise<number> {
  const measure = async () => {
    const before = await thread.cpuUsage();
    await sleep(measureMs, undefined, { ref: false });
    const { user, system } = await thread.cpuUsage(before);
    return (user + system) / 1_000;
  };
  return Promise.race([measure().catch(() => 0), ended]);
}

/** Timeout for responses of threads, which may share a core with others. */
const responseMs = 1_000;
/** Evaluated in the threads, which load nothing for it. */
const expression = `process.getBuiltinModule("node:util").getCallSites(${maxFrames})`;

/**
 * Captures the stacks of worker threads once, in the middle of what they do. A profile would not know the
 * lines of code that was compiled before the profile began.
 *
 * @returns stacks of the threads that respond within a second
 */
async function captureThreadStacks(threadIds: readonly number[]): Promise<Map<number, Stack>> {
  const stacks = new Map<number, Stack>();
  const { promise: isDone, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, responseMs).unref();
  const session = new Session();
  session.connect();
  const attached = new Map<string, number>();
  // These events interrupt the program too.
  session.on("NodeWorker.attachedToWorker", ({ params }) => {
    const { sessionId, workerInfo } = params;
    const threadId = threadIds.find((id) => workerInfo.title.startsWith(`[worker ${id}]`));
    if (threadId !== undefined) {
      attached.set(sessionId, threadId);
      const parameters = { expression, returnByValue: true };
      const message = JSON.stringify({ id: 1, method: "Runtime.evaluate", params: parameters });
      session.post("NodeWorker.sendMessageToWorker", { sessionId, message });
    }
  });
  session.on("NodeWorker.receivedMessageFromWorker", ({ params: { sessionId, message } }) => {
    const response: { readonly result?: Runtime.EvaluateReturnType } = JSON.parse(message);
    // An object instead if the thread is starting or ending, and has no `process`.
    const sites: unknown = response.result?.result.value;
    const threadId = attached.get(sessionId);
    if (threadId !== undefined) {
      stacks.set(threadId, Array.isArray(sites) ? fromCallSites(sites) : []);
    }
    if (stacks.size === threadIds.length) {
      resolve();
    }
  });
  try {
    session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
    await isDone;
    session.post("NodeWorker.disable");
  } finally {
    clearTimeout(timer);
    session.disconnect();
  }
  return stacks;
}

/** Empty while the thread loads modules: that ends by itself, and then the thread has work to do. */
function fromCallSites(sites: readonly CallSiteObject[]): Stack {
  const stack = sites.map(({ functionName, scriptName, lineNumber, columnNumber }) => ({
    name: functionName,
    file: toFile(scriptName),
    line: lineNumber,
    column: columnNumber,
    begins: fileStart,
  }));
  const inFile = stack.findIndex(({ file }) => file !== undefined);
  const inner = inFile === -1 ? sites : sites.slice(0, inFile);
  return inner.some(({ scriptName }) => scriptName.startsWith("node:internal/modules"))
    ? []
    : stack;
}
