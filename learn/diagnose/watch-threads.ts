import { availableParallelism } from "node:os";
import type { EventLoopUtilization } from "node:perf_hooks";
import type { Worker } from "node:worker_threads";
import type { CodeLine } from "./diagnosis.ts";
import { pointTo } from "./point-to.ts";
import { innermost, type OwnCode, type Stack } from "./stack.ts";
import { isWatchThread } from "./start-watch-thread.ts";
import { lookAtThreads } from "./thread-stacks.ts";
import { Votes } from "./votes.ts";

export interface ThreadsReading {
  /** The most worker threads that computed at once. */
  readonly mostComputing: number;
  readonly cores: number;
  /** Where one of them computed when they were too many; undefined when it was not seen. */
  readonly line: CodeLine | undefined;
}

/** How long threads are looked at, in milliseconds. */
const lookMs = 250;
/** A thread that waits takes less CPU than this in that time, in milliseconds. */
const leastCpuMs = 5;
/** A thread whose loop is idle for more of the time than this waits for work. */
const busy = 0.9;

interface Watched {
  loop: EventLoopUtilization;
  /** Resolves when it has ended: what it was asked then may stay without an answer. */
  readonly ended: Promise<void>;
}

/** Sees how many worker threads compute at once, of those that the main thread starts from now on. */
export class ThreadsWatch {
  readonly #isOwn: OwnCode;
  readonly #cores = availableParallelism();
  readonly #threads = new Map<Worker, Watched>();
  readonly #onThread = (thread: Worker) => this.#add(thread);
  #mostComputing = 0;
  #line: CodeLine | undefined;
  #isLooking = false;
  /** Whether the program has started any. */
  hasWorkers = false;

  constructor(isOwn: OwnCode) {
    this.#isOwn = isOwn;
    process.on("worker", this.#onThread);
  }

  #add(thread: Worker): void {
    if (isWatchThread(thread)) {
      return;
    }
    this.hasWorkers = true;
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    this.#threads.set(thread, { loop: thread.performance.eventLoopUtilization(), ended });
    thread.once("exit", () => {
      this.#threads.delete(thread);
      resolve();
    });
  }

  /** To be called now and then. Looks closer only if more threads than cores were busy since the last time. */
  async look(): Promise<void> {
    const candidates = [...this.#threads].filter((one) => wasBusy(...one));
    if (candidates.length > this.#cores && !this.#isLooking) {
      this.#isLooking = true;
      try {
        await this.#lookCloser(candidates);
      } finally {
        this.#isLooking = false;
      }
    }
  }

  /** A thread is busy too while it waits in a call that blocks; only one that computes takes CPU. */
  async #lookCloser(threads: readonly (readonly [Worker, Watched])[]): Promise<void> {
    const cpuMs = await Promise.all(threads.map((thread) => cpuMsOf(...thread)));
    // Those that compute get about as much of the cores as each other, however little that is.
    const share = Math.max(leastCpuMs, Math.max(...cpuMs) / 3);
    const computing = threads.filter((_, index) => (cpuMs[index] ?? 0) >= share);
    if (computing.length <= Math.max(this.#cores, this.#mostComputing)) {
      return;
    }
    const stacks = await lookAtThreads(new Set(computing.map(([{ threadId }]) => threadId)));
    const working = stacks.filter((stack) => innermost(stack, this.#isOwn) !== -1);
    if (working.length > Math.max(this.#cores, this.#mostComputing)) {
      this.#mostComputing = working.length;
      this.#line = this.#lineOf(working);
    }
  }

  #lineOf(stacks: readonly Stack[]): CodeLine | undefined {
    const votes = new Votes(this.#isOwn);
    for (const stack of stacks) {
      votes.add(stack, 1);
    }
    const stack = votes.winner();
    return stack && pointTo(stack, this.#isOwn)?.line;
  }

  read(): ThreadsReading {
    return { mostComputing: this.#mostComputing, cores: this.#cores, line: this.#line };
  }

  stop(): void {
    process.off("worker", this.#onThread);
  }
}

/** Whether the thread's loop was hardly idle since the last time. */
function wasBusy(thread: Worker, watched: Watched): boolean {
  const now = thread.performance.eventLoopUtilization();
  const { utilization } = thread.performance.eventLoopUtilization(now, watched.loop);
  watched.loop = now;
  return utilization > busy;
}

/** What a thread computes from now on, for a while; 0 when it ends meanwhile. */
async function cpuMsOf(thread: Worker, { ended }: Watched): Promise<number> {
  const used = await unless(ended, async () => {
    const before = await thread.cpuUsage();
    await rest();
    return thread.cpuUsage(before);
  });
  return used === undefined ? 0 : (used.user + used.system) / 1_000;
}

/** What is asked of a thread; undefined when it ends meanwhile. */
async function unless<Answer>(
  ended: Promise<void>,
  ask: () => Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return (await Promise.race([ask(), ended])) ?? undefined;
  } catch {
    return undefined;
  }
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, lookMs).unref());
}
