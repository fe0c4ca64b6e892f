import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { createServer } from "node:net";
import { fail } from "../cli/fail.ts";
import { giveUpMs } from "./signals.ts";

/** Failed starts in a row of every replica after which none can be started. */
const maxFailedStarts = 5;
/** Time for replicas that give up by themselves to do so, in milliseconds. */
const graceMs = 100;

interface ReplicasOptions {
  readonly count: number;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** How long a replica serves on when it is told to stop, in milliseconds. */
  readonly noticeMs: number;
  /** Whether replicas read certificates again at SIGHUP; without it the signal ends all, as it usually does. */
  readonly hasTls: boolean;
  readonly log: (message: string) => void;
}

/**
 * Runs copies of this very command behind one port, and starts each again that dies: after a delay that
 * doubles with each death in a row, from 250 ms to 30 s, with jitter, and without end. Resolves with the
 * address when each of them serves or has failed once, and at least one serves.
 *
 * Exits with code 1 when none can be started: none serves, and since one last did, each has ended five
 * times in a row before it served. Before any has served, an exit of each is enough, since the command
 * itself is wrong then and standard error says why.
 *
 * SIGINT and SIGTERM go to all replicas; the process exits when they have ended, with the worst of their
 * exit codes.
 *
 * Connections are handed out in turn, calls are not: one HTTP/2 client stays with one replica.
 */
export async function startReplicas(options: ReplicasOptions): Promise<string> {
  const { count, host, port, noticeMs, hasTls, log } = options;
  if (port === 0) {
    const args = [...process.argv.slice(2), "--port", String(await choosePort(host))];
    cluster.setupPrimary({ args });
  }
  const { promise: served, resolve } = Promise.withResolvers<string>();
  let url: string | undefined;
  const starts = Array.from({ length: count }, () => ({ failed: 0, isTried: false }));
  const replicas = starts.map(
    (start) =>
      new Replica({
        log,
        onServing: (address) => {
          url = address;
          start.isTried = true;
          for (const each of starts) {
            each.failed = 0;
          }
          resolveWhenStarted();
        },
        onFailedStart: (isProblem) => {
          start.isTried = true;
          start.failed = isProblem && url === undefined ? maxFailedStarts : start.failed + 1;
          if (
            !replicas.some(({ isServing }) => isServing) &&
            starts.every(({ failed }) => failed >= maxFailedStarts)
          ) {
            killAll();
            fail("None of the replicas can be started; what they said is above.");
          }
          resolveWhenStarted();
        },
      }),
  );
  const resolveWhenStarted = () => {
    if (url !== undefined && starts.every(({ isTried }) => isTried)) {
      resolve(url);
    }
  };

  const killAll = () => {
    for (const replica of replicas) {
      void replica.stop("SIGKILL");
    }
  };
  let isStopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      const stopped = Promise.all(replicas.map((replica) => replica.stop(signal)));
      if (!isStopping) {
        isStopping = true;
        void stopped.then((codes) => process.exit(Math.max(...codes)));
        // A replica whose event loop is blocked hears no signal, and would outlive this process.
        setTimeout(killAll, noticeMs + giveUpMs + graceMs);
      }
    });
  }
  if (hasTls) {
    process.on("SIGHUP", () => {
      for (const replica of replicas) {
        replica.reload();
      }
    });
  }
  for (const replica of replicas) {
    replica.start();
  }
  return served;
}

/** A free port, chosen once: with `--port 0`, replicas started after the death of all would get another. */
async function choosePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

/** Delay before the first restart, in milliseconds; it doubles with each restart in a row. */
const firstDelayMs = 250;
const maxDelayMs = 30_000;
/** Time that a replica must serve for the delays to begin anew, in milliseconds. */
const provenMs = 10_000;

interface ReplicaEvents {
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
class Replica {
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
