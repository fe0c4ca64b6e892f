import { availableParallelism } from "node:os";
import type { EventLoopUtilization } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { captureThreadStacks } from "./capture-stack.ts";
import type { CodeLine, Diagnosis, DiagnosisWatch } from "./diagnosis.ts";
import { pointTo, Votes } from "./point-to.ts";
import { innermost, isOwnCode, type Stack } from "./stack.ts";
import { isWatchThread } from "./start-watch-thread.ts";

/** Time over which a thread's CPU time is measured. */
const measureMs = 250;
/** CPU time in that time below which a thread waits. */
const minCpuMs = 5;
/** Utilization of a thread's event loop from which the thread is busy. */
const minUtilization = 0.9;

interface Watched {
  loop: EventLoopUtilization;
  /** Resolves when the thread has ended: requests to it may stay without a response then. */
  readonly ended: Promise<0>;
}

type Candidate = readonly [Worker, Watched];

/** Finds that more worker threads compute at once than there are cores, of those started from now on. */
export class ThreadsWatch implements DiagnosisWatch {
  readonly #cores = availableParallelism();
  readonly #threads = new Map<Worker, Watched>();
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
    if (isWatchThread(thread)) {
      return;
    }
    this.hasWorkers = true;
    const { promise: ended, resolve } = Promise.withResolvers<0>();
    this.#threads.set(thread, { loop: thread.performance.eventLoopUtilization(), ended });
    thread.once("exit", () => {
      this.#threads.delete(thread);
      resolve(0);
    });
  };

  /** Measures CPU times only if more threads than cores were busy since the last call. */
  async round(): Promise<void> {
    const candidates = [...this.#threads].filter((one) => wasBusy(...one));
    if (candidates.length > this.#cores && !this.#isMeasuring) {
      this.#isMeasuring = true;
      try {
        await this.#measure(candidates);
      } finally {
        this.#isMeasuring = false;
      }
    }
  }

  async #measure(threads: readonly Candidate[]): Promise<void> {
    const computing = await computingOf(threads);
    if (computing.length <= this.#maxComputing) {
      return;
    }
    const stacks = await captureThreadStacks(computing.map(([{ threadId }]) => threadId));
    // A thread that was done by then waits where its stack says.
    const still = await computingOf(computing);
    const working = still
      .map(([{ threadId }]) => stacks.get(threadId) ?? [])
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
function wasBusy(thread: Worker, watched: Watched): boolean {
  const now = thread.performance.eventLoopUtilization();
  const { utilization } = thread.performance.eventLoopUtilization(now, watched.loop);
  watched.loop = now;
  return utilization > minUtilization;
}

/**
 * Threads that compute for the next 250 ms. A thread is also busy while it waits in a blocking call; only one that
 * computes uses CPU time.
 */
async function computingOf(threads: readonly Candidate[]): Promise<Candidate[]> {
  const cpuMs = await Promise.all(threads.map((thread) => cpuMsOf(...thread)));
  // Threads that compute get similar shares of the cores, however small these are.
  const share = Math.max(minCpuMs, Math.max(...cpuMs) / 3);
  return threads.filter((_, index) => (cpuMs[index] ?? 0) >= share);
}

/** CPU time that a thread uses from now on for 250 ms; 0 if it ends meanwhile. */
function cpuMsOf(thread: Worker, { ended }: Watched): Promise<number> {
  const measure = async () => {
    const before = await thread.cpuUsage();
    await sleep(measureMs, undefined, { ref: false });
    const { user, system } = await thread.cpuUsage(before);
    return (user + system) / 1_000;
  };
  return Promise.race([measure().catch(() => 0), ended]);
}
