import { subscribe } from "node:diagnostics_channel";
import { IncomingMessage } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import { fileURLToPath } from "node:url";
import { LibuvPoolWatch } from "@unblock/diagnose/libuv-pool-saturated";
import { ProfileWitness } from "@unblock/diagnose/profile-witness";
import { type Blockage, type LoopWatch, watchLoop } from "@unblock/diagnose/watch-loop";
import { startWatchThread } from "@unblock/diagnose/watch-thread";
import { HandlerCalls, type Problem, toProblem } from "./learner-module.ts";

/** What only the service's own process can observe. */
export type Observation = ReturnType<Observer["read"]>;

/** Interval between samples of the event loop's stack; blocking calls take 30 ms and more. */
const sampleMs = 5;

/** Observes the process in consecutive windows. */
export class Observer {
  readonly #fileUrl: string;
  readonly #loop: LoopWatch;
  readonly #pool = new LibuvPoolWatch();
  #blockages: readonly Blockage[] = [];
  #calls: HandlerCalls;
  #loopCpu = process.threadCpuUsage();
  #processCpu = process.cpuUsage();
  readonly #countIntervals = watchIntervals();
  readonly #countUnreadBodies = watchUnreadBodies();
  #newThreads = 0;
  #ownThreads = 0;
  #newProcesses = 0;
  #fetches = 0;
  #unread: Response[] = [];
  #rejections: readonly Problem[] = [];
  #rejectedListening: string | null = null;

  constructor(fileUrl: string) {
    this.#fileUrl = fileUrl;
    this.#calls = new HandlerCalls(fileUrl);
    const isOwn = (file: string) => file === fileURLToPath(fileUrl);
    this.#loop = watchLoop([new ProfileWitness(isOwn, sampleMs)], isOwn);
    startWatchThread({ pool: this.#pool.data });
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
      apply: async (call, self, args) => {
        this.#fetches++;
        const response: Response = await Reflect.apply(call, self, args);
        this.#unread.push(response);
        return response;
      },
    });
    // Without a listener the first would end the process.
    process.on("unhandledRejection", (reason) => {
      this.#rejections = [...this.#rejections, toProblem(reason, fileUrl)];
    });
  }

  /** Calls of the handler in this window; a call counts in the window in which it began. */
  get calls(): HandlerCalls {
    return this.#calls;
  }

  /** Called before the learner's file is loaded: the threads so far are the service's. */
  loading(): void {
    this.#ownThreads = 0;
  }

  rejected(problem: string): void {
    this.#rejectedListening ??= problem;
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

  /** Returns the observation since the window began, which continues. */
  read() {
    this.#blockages = [...this.#blockages, ...this.#loop.takeAll()];
    this.#unread = this.#unread.filter(({ body, bodyUsed }) => body !== null && !bodyUsed);
    return {
      handler: { ...this.#calls.counts, problem: this.#calls.problem },
      /** CPU time of the event loop's thread, and of all threads. */
      loopCpuMs: toMs(process.threadCpuUsage(this.#loopCpu)),
      processCpuMs: toMs(process.cpuUsage(this.#processCpu)),
      newThreads: this.#newThreads,
      /** Running worker threads that were started after the learner's file was loaded. */
      ownThreads: this.#ownThreads,
      newProcesses: this.#newProcesses,
      /** Responses of node:http, fetch and undici whose bodies were not read. */
      unreadBodies: this.#countUnreadBodies(),
      /** Responses of fetch whose bodies nobody has read or cancelled, also small ones. Since the start. */
      unreadResponses: this.#unread.length,
      /** Running intervals (setInterval). */
      intervals: this.#countIntervals(),
      blockages: this.#blockages,
      pool: this.#pool.read(),
      fetches: this.#fetches,
      rejections: this.#rejections,
      /** Why the learner's code was refused to listen; null when it did not try. Since the start. */
      rejectedListening: this.#rejectedListening,
    };
  }
}

function toMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000;
}

/** Watches intervals. @returns counts the running ones */
function watchIntervals(): () => number {
  const running = new Set<NodeJS.Timeout>();
  const begin = new Proxy(timers.setInterval, {
    apply: function setInterval(set, self, args: Parameters<typeof timers.setInterval>) {
      const interval = Reflect.apply(set, self, args);
      running.add(interval);
      return interval;
    },
  });
  timers.setInterval = begin;
  globalThis.setInterval = begin;
  // Named imports follow only now.
  syncBuiltinESMExports();
  return () => {
    for (const interval of running) {
      if (hasEnded(interval)) {
        running.delete(interval);
      }
    }
    return running.size;
  };
}

/** Whether it was ended by clearInterval(), clearTimeout() or Symbol.dispose. */
function hasEnded(interval: NodeJS.Timeout): boolean {
  return "_destroyed" in interval && interval._destroyed === true;
}

/** Channels for requests of fetch and undici that are over: the body has arrived, or never will. */
const undiciEnds = ["undici:request:trailers", "undici:request:error"] as const;

/**
 * Watches the responses of this thread's HTTP clients: node:http, fetch and undici. While a body is not
 * read to its end, its connection is neither reused nor closed. fetch and undici buffer small bodies, which
 * then do no harm.
 *
 * @returns counts the unread bodies
 */
export function watchUnreadBodies(): () => number {
  const waiting = new Set<unknown>();
  subscribe("http.client.response.finish", (message) => {
    const { response }: { response?: unknown } = Object(message);
    if (response instanceof IncomingMessage) {
      waiting.add(response);
      response.once("close", () => waiting.delete(response));
      response.once("end", () => waiting.delete(response));
    }
  });
  subscribe("undici:request:headers", (message) => waiting.add(requestOf(message)));
  for (const end of undiciEnds) {
    subscribe(end, (message) => waiting.delete(requestOf(message)));
  }
  return () => waiting.size;
}

function requestOf(message: unknown): unknown {
  const { request }: { request?: unknown } = Object(message);
  return request;
}
