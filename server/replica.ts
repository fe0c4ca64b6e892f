import cluster, { type Worker } from "node:cluster";

/** Delay before the first restart, in milliseconds; it doubles with each restart in a row. */
const firstDelayMs = 250;
const maxDelayMs = 30_000;
/** Time that a replica must serve for the delays to begin anew, in milliseconds. */
const provenMs = 10_000;

export interface ReplicaEvents {
  /** @param url address that the replica serves */
  readonly onServing: (url: string) => void;
  /**
   * A replica ended before it served.
   *
   * @param isProblem whether it exited by itself; false when a signal ended it
   */
  readonly onFailedStart: (isProblem: boolean) => void;
  readonly log: (message: string) => void;
}

/** One copy of this very command, started again whenever it ends. */
export class Replica {
  readonly #events: ReplicaEvents;
  #worker: Worker | undefined;
  #servingSinceMs: number | undefined;
  #restarts = 0;
  #restart: NodeJS.Timeout | undefined;
  #stopSignal: NodeJS.Signals | undefined;
  readonly #ended = Promise.withResolvers<number>();

  constructor(events: ReplicaEvents) {
    this.#events = events;
  }

  get isServing(): boolean {
    return this.#servingSinceMs !== undefined;
  }

  start(): void {
    let worker: Worker;
    try {
      worker = cluster.fork();
    } catch (error) {
      this.#onEnd("", error instanceof Error ? error.message : String(error), 1);
      return;
    }
    this.#worker = worker;
    worker.once("message", ({ url }: { url: string }) => {
      this.#servingSinceMs = performance.now();
      this.#events.onServing(url);
    });
    worker.on("error", ({ message }) => {
      // A process that could not be created has no "exit"; for others it follows.
      if (worker.process.pid === undefined) {
        this.#onEnd("", message, 1);
      }
    });
    worker.once("exit", (code: number | null, signal: NodeJS.Signals | null) => {
      const reason = signal ?? `exit code ${code}`;
      // The signal that stops the replicas may come before a starting one listens for it.
      const isStopped = signal !== null && signal === this.#stopSignal && !this.isServing;
      this.#onEnd(` ${worker.process.pid}`, reason, isStopped ? 0 : (code ?? 1), signal === null);
    });
  }

  /** Has a serving process read its certificates again. One that starts reads them anyway. */
  reload(): void {
    if (this.isServing) {
      this.#worker?.process.kill("SIGHUP");
    }
  }

  /**
   * Sends a signal to the process, if there is one, and starts no other.
   *
   * @returns the exit code of the process, when it has ended; 0 when there was none
   */
  stop(signal: NodeJS.Signals): Promise<number> {
    this.#stopSignal = signal;
    clearTimeout(this.#restart);
    if (this.#worker === undefined) {
      this.#ended.resolve(0);
    }
    this.#worker?.process.kill(signal);
    return this.#ended.promise;
  }

  #onEnd(name: string, reason: string, exitCode: number, isProblem = true): void {
    const servedMs =
      this.#servingSinceMs === undefined ? undefined : performance.now() - this.#servingSinceMs;
    this.#worker = undefined;
    this.#servingSinceMs = undefined;
    if (this.#stopSignal !== undefined) {
      this.#ended.resolve(exitCode);
      return;
    }
    if (servedMs !== undefined && servedMs >= provenMs) {
      this.#restarts = 0;
    }
    const delayMs = withJitter(Math.min(maxDelayMs, firstDelayMs * 2 ** this.#restarts));
    this.#restarts++;
    this.#restart = setTimeout(() => this.start(), delayMs);
    const when = servedMs === undefined ? "ended before it served" : "ended";
    this.#events.log(`The replica${name} ${when} (${reason}); starting another in ${delayMs} ms.`);
    if (servedMs === undefined) {
      this.#events.onFailedStart(isProblem);
    }
  }
}

/** Half of the delay and up to as much again, so that replicas that died together don't start together. */
function withJitter(delayMs: number): number {
  return Math.round((delayMs / 2) * (1 + Math.random()));
}
