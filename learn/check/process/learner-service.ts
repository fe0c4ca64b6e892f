import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Exercise } from "../../../registry/exercises.ts";
import type { Decision } from "../../handler.ts";
import type { Alone, Answer, Ask, Message, WorldAddresses } from "../../service/channel.ts";
import type { Observation } from "../../service/observation.ts";
import {
  askMs,
  HarnessTrouble,
  importMs,
  LearnerFault,
  memoryMb,
  openMs,
  StarvedLimit,
  stopMs,
} from "../faults.ts";
import { readThreadTimes } from "../measure/system.ts";
import { lastOutputMs, ServiceProcess } from "./service-process.ts";
import type { LeftProcess } from "./supervisor.ts";

/** How a learner's service is started. */
export interface StartOptions {
  readonly exercise: Exercise;
  /** The learner's file. */
  readonly file: string;
  /** The backends that the learner's code meets. */
  readonly world: WorldAddresses;
  /** Where events go; null for an exercise that has none. */
  readonly analyticsUrl: string | null;
}

/** Node's own size of libuv's pool. */
const nodeLibuvThreads = 4;
/** How the server's log begins to tell of it: what is counted after that is worth nothing. */
const backendsDied = "The embedded backends died";
/** What the death of a process takes to be known on a busy machine, its last output read, in milliseconds. */
const knownDeadMs = 2 * lastOutputMs;

/** Of a limit's time, the part for which a service had no core when the limit tells nothing of it. */
const starvedShare = 0.3;

/** A running service with a learner's handler. All that waits for it ends when it does. */
export class LearnerService {
  readonly decision: Decision | undefined;
  readonly libuvThreads: number;
  readonly url: string;
  /** The process's number. */
  readonly pid: number;
  readonly #process: ServiceProcess;
  readonly #waiting: Map<number, (answer: Answer) => void>;
  #lastId = 0;
  #stopped: Promise<readonly LeftProcess[]> | undefined;
  #hasEnded = false;
  #hasStopped = false;

  private constructor(started: Started) {
    this.decision = started.decision;
    this.libuvThreads = started.libuvThreads;
    this.url = started.url;
    this.pid = started.pid;
    this.#process = started.process;
    this.#waiting = started.waiting;
    void this.#process.exited().then(() => {
      this.#hasEnded = true;
    });
  }

  /**
   * Starts the service, with as many threads in libuv's pool as the file asks for.
   *
   * @throws LearnerFault when the file can't be loaded, HarnessTrouble when the rest can't be started
   */
  static async start(options: StartOptions): Promise<LearnerService> {
    const first = await start(options, await guessThreads(options.file));
    if (first.wantedThreads === first.libuvThreads) {
      return new LearnerService(first);
    }
    // Its size is fixed when a process starts, and what the file wants is known only once it is loaded.
    await end(first.process);
    return new LearnerService(await start(options, first.wantedThreads));
  }

  /** Waits for something that the learner's code has a part in, no longer than it may take. */
  within<Value>(limitMs: number, what: string, work: Promise<Value>): Promise<Value> {
    // Also the check itself may be what had no core.
    const starved = [this.pid, process.pid].map((pid) => watchStarvation(pid, limitMs));
    const late = () => {
      const isStarved = starved.some((had) => had());
      const message = `${what} within ${seconds(limitMs)}, the limit, and was ended`;
      return isStarved ? new StarvedLimit(message) : new LearnerFault(message);
    };
    return endedAfter(this.#process, limitMs, late, work);
  }

  /** Begins to observe anew. */
  async begin(): Promise<void> {
    await this.#ask({ kind: "begin" });
  }

  /** What was seen since it began to observe. */
  async observe(): Promise<Observation> {
    const { observation, failure } = await this.#ask({ kind: "observe" });
    if (observation === undefined) {
      throw new HarnessTrouble(`the service could not say what it saw: ${failure}`);
    }
    return observation;
  }

  /** One call's work done right, alone. */
  async alone(request: JsonValue): Promise<Alone> {
    const { alone, failure } = await this.#ask({ kind: "alone", request });
    if (alone === undefined) {
      throw new HarnessTrouble(`the work could not be measured alone: ${failure}`);
    }
    return alone;
  }

  /**
   * Asks it to stop with SIGTERM, once, and waits until it has.
   *
   * @returns the processes that it had started and that did not end after it
   */
  stop(): Promise<readonly LeftProcess[]> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Whether it has ended, and not as it was asked to. */
  get hasDied(): boolean {
    return this.#hasEnded && !this.#hasStopped;
  }

  async #stop(): Promise<readonly LeftProcess[]> {
    this.#process.askToStop();
    const limit = setTimeout(() => {
      const what = `did not let the service stop within ${seconds(stopMs)} of SIGTERM, the limit`;
      this.#process.kill(new LearnerFault(what));
    }, stopMs);
    const { code, left } = await this.#process.exited();
    clearTimeout(limit);
    if (code !== 0) {
      await this.#process.died;
    }
    this.#hasStopped = true;
    return left;
  }

  /** Aborts when it has ended, whyever. */
  ended(): AbortSignal {
    const controller = new AbortController();
    void this.#process.exited().then(() => controller.abort());
    return controller.signal;
  }

  /** Ends it at once. */
  close(): Promise<void> {
    return end(this.#process);
  }

  #ask(ask: Ask): Promise<Answer> {
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.set(id, resolve);
    this.#process.send({ id, ask });
    return this.within(askMs, "held the event loop, and the check got no answer", promise);
  }
}

/** @returns whether a process's main thread wanted a core for much of a limit's time, and had none */
function watchStarvation(pid: number, limitMs: number): () => boolean {
  const before = readThreadTimes(pid, pid);
  return () => {
    const now = readThreadTimes(pid, pid);
    return (
      now.starvedMs - before.starvedMs > limitMs * starvedShare &&
      now.cpuMs - before.cpuMs < limitMs * starvedShare
    );
  };
}

interface Started {
  readonly process: ServiceProcess;
  readonly decision: Decision | undefined;
  readonly libuvThreads: number;
  readonly wantedThreads: number;
  readonly url: string;
  readonly pid: number;
  readonly waiting: Map<number, (answer: Answer) => void>;
}

/** What the file most likely wants: to start a service twice takes seconds. */
async function guessThreads(file: string): Promise<number> {
  // A file that can't be read is told of when it is loaded.
  const source = await readFile(file, "utf8").catch(() => "");
  const [, threads] = /export const libuvThreads = (\d{1,4});/.exec(source) ?? [];
  return threads === undefined ? nodeLibuvThreads : Number(threads);
}

async function start(
  { exercise, file, world, analyticsUrl }: StartOptions,
  libuvThreads: number,
): Promise<Started> {
  const importing = Promise.withResolvers<void>();
  const imported = Promise.withResolvers<Extract<Message, { kind: "imported" }>>();
  const ready = Promise.withResolvers<Extract<Message, { kind: "ready" }>>();
  const waiting = new Map<number, (answer: Answer) => void>();
  const options = {
    letter: exercise.letter,
    fileUrl: pathToFileURL(file).href,
    world,
    analyticsUrl,
    // What comes after the reply is to meet the signal that it would meet elsewhere.
    directLane: !exercise.work.afterReply,
    mostMemoryMb: memoryMb,
  };
  const service = new ServiceProcess(options, libuvThreads, (message) => {
    switch (message.kind) {
      case "importing":
        return importing.resolve();
      case "imported":
        return imported.resolve(message);
      case "not imported":
        return service.kill(new LearnerFault(`can't be loaded: ${message.problem}`, message.line));
      case "ready":
        return ready.resolve(message);
      case "broken":
        return service.kill(new HarnessTrouble(`the service broke: ${message.problem}`));
      case "log":
        return message.text.startsWith(backendsDied)
          ? service.kill(new HarnessTrouble(message.text))
          : undefined;
      case "answer":
        waiting.get(message.id)?.(message);
        waiting.delete(message.id);
    }
  });
  const trouble = new HarnessTrouble(`the service did not start within ${seconds(openMs)}`);
  await endedAfter(service, openMs, () => trouble, importing.promise);
  const slow = new LearnerFault(
    `was not loaded within ${seconds(importMs)}, the limit, and was ended: does it loop, or wait for what never comes, outside of its functions?`,
  );
  const { decision, libuvThreads: wanted } = await endedAfter(
    service,
    importMs,
    () => slow,
    imported.promise,
  );
  const { url, pid } = await endedAfter(service, openMs, () => trouble, ready.promise);
  return {
    process: service,
    decision: decision ?? undefined,
    libuvThreads,
    wantedThreads: wanted ?? nodeLibuvThreads,
    url,
    pid,
    waiting,
  };
}

/** Waits for `work`, and ends the process with `reason` when it takes longer than the limit. */
async function endedAfter<Value>(
  process: ServiceProcess,
  limitMs: number,
  reason: () => Error,
  work: Promise<Value>,
): Promise<Value> {
  const limit = setTimeout(() => process.kill(reason()), limitMs);
  try {
    return await Promise.race([work, process.died]);
  } catch (error) {
    // A connection breaks before its process is known to be gone, and it is the process that matters.
    await Promise.race([process.died, wait(knownDeadMs, undefined, { ref: false })]);
    throw error;
  } finally {
    clearTimeout(limit);
  }
}

async function end(process: ServiceProcess): Promise<void> {
  process.kill(new HarnessTrouble("the check has ended"));
  await process.exited();
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}
