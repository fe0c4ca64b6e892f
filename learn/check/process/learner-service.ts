import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { JsonValue } from "@bufbuild/protobuf";
import { readThreadTimes } from "@unblock/measure/proc";
import type { Exercise } from "@unblock/proto/exercises";
import type { Alone, Answer, Ask, Message, ServiceOptions } from "../../service/channel.ts";
import type { Observation } from "../../service/observation.ts";
import type { Decision } from "../../toolbox/handler.ts";
import {
  askMs,
  HarnessTrouble,
  importMs,
  memoryMb,
  neverAnswered,
  notLoaded,
  openMs,
  StarvedLimit,
  stopMs,
} from "../faults.ts";
import type { LeftProcess } from "./process-tree.ts";
import { lastOutputMs, ServiceProcess } from "./service-process.ts";

interface StartOptions extends Pick<ServiceOptions, "world" | "analyticsUrl"> {
  readonly exercise: Exercise;
  /** The learner's file. */
  readonly file: string;
}

/** Node's default size of libuv's pool. */
const defaultLibuvThreads = 4;
/** Beginning of the server's log line after which counts are worth nothing. */
const backendsDied = "The embedded backends died";
/** Time in which a busy machine reports the death of a process, after its last output. */
const knownDeadMs = 2 * lastOutputMs;
/** Share of a limit's time without a core above which the limit says nothing. */
const starvedShare = 0.3;

/** A running service with a learner's handler. Everything that awaits it ends when it does. */
export class LearnerService {
  readonly decision: Decision | undefined;
  readonly libuvThreads: number;
  readonly url: string;
  readonly pid: number;
  readonly #process: ServiceProcess;
  #stopped: Promise<readonly LeftProcess[]> | undefined;
  #hasEnded = false;
  #hasStopped = false;

  private constructor(
    { process, exported, ready }: Awaited<ReturnType<typeof start>>,
    libuvThreads: number,
  ) {
    this.decision = exported.decision ?? undefined;
    this.libuvThreads = libuvThreads;
    this.url = ready.url;
    this.pid = ready.pid;
    this.#process = process;
    void process.exited.then(() => {
      this.#hasEnded = true;
    });
  }

  /**
   * Starts the service, with as many threads in libuv's pool as the file asks for.
   *
   * @throws LearnerFault when the file can't be loaded, HarnessTrouble when the service can't be started
   */
  static async start(options: StartOptions): Promise<LearnerService> {
    const guessed = await guessThreads(options.file);
    const first = await start(options, guessed);
    const wanted = first.exported.libuvThreads ?? defaultLibuvThreads;
    if (wanted === guessed) {
      return new LearnerService(first, guessed);
    }
    // The size is fixed when a process starts, and the file's wish is known only once it is loaded.
    await end(first.process);
    return new LearnerService(await start(options, wanted), wanted);
  }

  /**
   * Awaits work that involves the learner's code.
   *
   * @param what begins the message about an exceeded limit, such as "did not answer"
   * @throws LearnerFault when it exceeds the limit, StarvedLimit when a process had no core meanwhile
   */
  within<Value>(limitMs: number, what: string, work: Promise<Value>): Promise<Value> {
    // The check itself may have been without a core, too.
    const starved = [this.pid, process.pid].map((pid) => watchStarvation(pid, limitMs));
    const late = () => {
      const isStarved = starved.some((had) => had());
      const message = `${what} within ${seconds(limitMs)}, the limit, and was ended`;
      return isStarved ? new StarvedLimit(message) : neverAnswered(message);
    };
    return endedAfter(this.#process, limitMs, late, work);
  }

  /** Begins a new window of observation. */
  async begin(): Promise<void> {
    await this.#ask({ kind: "begin" });
  }

  /** Returns what was observed since the window began. */
  async observe(): Promise<Observation> {
    const { observation, failure } = await this.#ask({ kind: "observe" });
    if (observation === undefined) {
      throw new HarnessTrouble(`the service could not report what it observed: ${failure}`);
    }
    return observation;
  }

  /** Does one call's work right, with nothing else running. */
  async alone(request: JsonValue): Promise<Alone> {
    const { alone, failure } = await this.#ask({ kind: "alone", request });
    if (alone === undefined) {
      throw new HarnessTrouble(`the work could not be measured alone: ${failure}`);
    }
    return alone;
  }

  /** Stops the service with SIGTERM. @returns the processes that it had started and that outlived it */
  stop(): Promise<readonly LeftProcess[]> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Whether it has ended by itself. */
  get hasDied(): boolean {
    return this.#hasEnded && !this.#hasStopped;
  }

  async #stop(): Promise<readonly LeftProcess[]> {
    this.#process.askToStop();
    const limit = setTimeout(() => {
      const what = `did not let the service stop within ${seconds(stopMs)} of SIGTERM, the limit`;
      this.#process.kill(neverAnswered(what));
    }, stopMs);
    const { code, left } = await this.#process.exited;
    clearTimeout(limit);
    if (code !== 0) {
      await this.#process.died;
    }
    this.#hasStopped = true;
    return left;
  }

  /** Returns a signal that aborts when the service has ended. */
  ended(): AbortSignal {
    const controller = new AbortController();
    void this.#process.exited.then(() => controller.abort());
    return controller.signal;
  }

  /** Ends it at once. */
  close(): Promise<void> {
    return end(this.#process);
  }

  #ask(ask: Ask): Promise<Answer> {
    const what = "held the event loop, and the check got no answer";
    return this.within(askMs, what, this.#process.ask(ask));
  }
}

/** @returns whether a process's main thread was without a core for much of a limit's time */
function watchStarvation(pid: number, limitMs: number): () => boolean {
  const before = readThreadTimes(pid, pid);
  return () => {
    const now = readThreadTimes(pid, pid);
    return (
      now.waitedMs - before.waitedMs > limitMs * starvedShare &&
      now.cpuMs - before.cpuMs < limitMs * starvedShare
    );
  };
}

/** Guesses what the file asks for, as starting a service twice takes seconds. */
async function guessThreads(file: string): Promise<number> {
  // A file that can't be read fails when it is loaded.
  const source = await readFile(file, "utf8").catch(() => "");
  const [, threads] = /export const libuvThreads = (\d{1,4});/.exec(source) ?? [];
  return threads === undefined ? defaultLibuvThreads : Number(threads);
}

async function start({ exercise, file, world, analyticsUrl }: StartOptions, libuvThreads: number) {
  const importing = Promise.withResolvers<void>();
  const imported = Promise.withResolvers<Extract<Message, { kind: "imported" }>>();
  const ready = Promise.withResolvers<Extract<Message, { kind: "ready" }>>();
  const options = {
    letter: exercise.letter,
    fileUrl: pathToFileURL(file).href,
    world,
    analyticsUrl,
    // Work after the reply has to meet the signal that it would meet elsewhere.
    signalEndsWithCall: exercise.work.afterResponse,
    maxMemoryMb: memoryMb,
  };
  const service = new ServiceProcess(options, libuvThreads, (message) => {
    switch (message.kind) {
      case "importing":
        return importing.resolve();
      case "imported":
        return imported.resolve(message);
      case "not imported":
        return service.kill(notLoaded(`can't be loaded: ${message.problem}`, message.line));
      case "ready":
        return ready.resolve(message);
      case "broken":
        return service.kill(new HarnessTrouble(`the service broke: ${message.problem}`));
      case "log":
        return message.text.startsWith(backendsDied)
          ? service.kill(new HarnessTrouble(message.text))
          : undefined;
    }
  });
  const trouble = () => new HarnessTrouble(`the service did not start within ${seconds(openMs)}`);
  const slow = () =>
    notLoaded(
      `was not loaded within ${seconds(importMs)}, the limit, and was ended: does it loop, or wait for what never comes, outside of its functions?`,
    );
  await endedAfter(service, openMs, trouble, importing.promise);
  const exported = await endedAfter(service, importMs, slow, imported.promise);
  return {
    process: service,
    exported,
    ready: await endedAfter(service, openMs, trouble, ready.promise),
  };
}

/** Awaits `work`, and ends the process with `reason` when it exceeds the limit. */
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
    // A connection breaks before its process is known to be dead, and the process is the reason.
    await Promise.race([process.died, wait(knownDeadMs, undefined, { ref: false })]);
    throw error;
  } finally {
    clearTimeout(limit);
  }
}

async function end(process: ServiceProcess): Promise<void> {
  process.kill(new HarnessTrouble("the check has ended"));
  await process.exited;
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}
