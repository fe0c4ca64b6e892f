import { subscribe } from "node:diagnostics_channel";
import { fileURLToPath } from "node:url";
import { ProfileWitness } from "../diagnose/profile-witness.ts";
import { startWatchThread } from "../diagnose/start-watch-thread.ts";
import { LibuvPoolWatch, type PoolReading } from "../diagnose/watch-libuv-pool.ts";
import { type Blockage, type LoopWatch, watchLoop } from "../diagnose/watch-loop.ts";
import { watchIntervals, watchUnreadBodies } from "./leaks.ts";
import type { HandlerEnd } from "./learner-module.ts";
import { HandlerCalls, type HandlerCounts, type Problem, toProblem } from "./learner-module.ts";

/** What only the service's own process can see. */
export interface Observation {
  readonly handler: HandlerCounts;
  /** CPU time of the event loop's thread. */
  readonly loopCpuMs: number;
  /** CPU time of all threads. */
  readonly processCpuMs: number;
  /** Worker threads that were started. */
  readonly newThreads: number;
  /** Worker threads that were started since the learner's file was loaded, and are there now. */
  readonly ownThreads: number;
  /** Child processes that were started. */
  readonly newProcesses: number;
  /** Responses whose bodies nobody has read: of node:http, fetch and undici. */
  readonly unreadBodies: number;
  /** Intervals (setInterval) that nobody has ended. */
  readonly intervals: number;
  /** When the event loop stood still. */
  readonly blockages: readonly Blockage[];
  /** How long calls with nothing to do waited for a thread of libuv's pool. */
  readonly pool: PoolReading;
  /** Calls of fetch, also of those whose signal had aborted. */
  readonly fetches: number;
  /** Promises that were rejected, and nobody looked. */
  readonly rejections: readonly Problem[];
  /** Why it was not let listen; null when it did not try. Since its start. */
  readonly refusedListening: string | null;
}

/** Between two samples of the event loop's stack, in milliseconds: what it blocks on takes 30 and more. */
const sampleMs = 5;

/** Observes the process in windows, one after another. */
export class Observer {
  readonly #fileUrl: string;
  readonly #loop: LoopWatch;
  readonly #pool = new LibuvPoolWatch();
  #blockages: Blockage[] = [];
  #calls: HandlerCalls;
  #loopCpu = process.threadCpuUsage();
  #processCpu = process.cpuUsage();
  readonly #countIntervals = watchIntervals();
  readonly #countUnreadBodies = watchUnreadBodies();
  #newThreads = 0;
  #ownThreads = 0;
  #newProcesses = 0;
  #fetches = 0;
  #rejections: Problem[] = [];
  #refusedListening: string | null = null;

  constructor(fileUrl: string) {
    this.#fileUrl = fileUrl;
    this.#calls = new HandlerCalls(fileUrl);
    const isOwn = (file: string) => file === fileURLToPath(fileUrl);
    this.#loop = watchLoop(new ProfileWitness(isOwn, sampleMs), isOwn);
    startWatchThread({
      lookout: undefined,
      canary: this.#pool.data,
      pauses: undefined,
      lookups: undefined,
    });
    process.on("worker", (worker) => {
      this.#newThreads++;
      this.#ownThreads++;
      worker.once("exit", () => {
        this.#ownThreads--;
      });
    });
    subscribe("child_process", () => {
      this.#newProcesses++;
    });
    globalThis.fetch = new Proxy(fetch, {
      apply: (call, self, args) => {
        this.#fetches++;
        return Reflect.apply(call, self, args);
      },
    });
    // Without this the first would end the process.
    process.on("unhandledRejection", (reason) => {
      this.#rejections.push(toProblem(reason, fileUrl));
    });
  }

  /** A call counts in the window in which it began. */
  onCall(): (end: HandlerEnd) => void {
    return this.#calls.begin();
  }

  /** The learner's file is loaded from now on: threads that there are now are the service's. */
  loading(): void {
    this.#ownThreads = 0;
  }

  refused(problem: string): void {
    this.#refusedListening ??= problem;
  }

  begin(): void {
    this.#loop.takeAll();
    this.#blockages = [];
    this.#pool.restartWindow();
    this.#calls = new HandlerCalls(this.#fileUrl);
    this.#newThreads = 0;
    this.#newProcesses = 0;
    this.#fetches = 0;
    this.#rejections = [];
    this.#loopCpu = process.threadCpuUsage();
    this.#processCpu = process.cpuUsage();
  }

  /** What was seen since the window began, which goes on. */
  read(): Observation {
    this.#blockages.push(...this.#loop.takeAll());
    return {
      handler: this.#calls.counts(),
      loopCpuMs: toMs(process.threadCpuUsage(this.#loopCpu)),
      processCpuMs: toMs(process.cpuUsage(this.#processCpu)),
      newThreads: this.#newThreads,
      ownThreads: this.#ownThreads,
      newProcesses: this.#newProcesses,
      unreadBodies: this.#countUnreadBodies(),
      intervals: this.#countIntervals(),
      blockages: this.#blockages,
      pool: this.#pool.read(),
      fetches: this.#fetches,
      rejections: this.#rejections,
      refusedListening: this.#refusedListening,
    };
  }
}

function toMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000;
}
