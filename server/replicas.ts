import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { createServer } from "node:net";
import { reasonOf } from "@unblock/errors/failure";
import { fail, giveUpMs } from "@unblock/terminal/process";

const maxFailedStarts = 5;
const graceMs = 100;

interface ReplicasOptions {
  readonly count: number;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Time that a replica continues to serve after a signal, in milliseconds. */
  readonly noticeMs: number;
  /** Whether SIGHUP reloads certificates; without TLS it ends the process, as usual. */
  readonly hasTls: boolean;
  readonly log: (message: string) => void;
}

/**
 * Runs copies of this command behind one port and restarts those that die, with a backoff that
 * doubles with each consecutive death from 250 ms to 30 s, with jitter. Resolves with the address
 * when each replica serves or has failed once, and at least one serves.
 *
 * Exits with code 1 when none serves and each has failed to start five times in a row. If none has
 * ever served, one exit of each is enough, because the command itself is wrong; standard error says
 * why.
 *
 * SIGINT and SIGTERM go to all replicas; the process exits after them with their highest exit code.
 *
 * Connections are distributed, calls are not: an HTTP/2 client stays with one replica.
 */
export async function startReplicas(options: ReplicasOptions): Promise<string> {
  const { count, host, port, noticeMs, hasTls, log } = options;
  if (port === 0) {
    const args = [...process.argv.slice(2), "--port", String(await choosePort(host))];
    cluster.setupPrimary({ args });
  }
  const { promise: served, resolve } = Promise.withResolvers<string>();
  let url: string | undefined;
  const onTried = (servedUrl: string | undefined) => {
    if (servedUrl !== undefined) {
      url = servedUrl;
      for (const replica of replicas) {
        replica.failedStarts = 0;
      }
    }
    const cannotStart = ({ failedStarts, isWrong }: Replica) =>
      failedStarts >= maxFailedStarts || (isWrong && url === undefined);
    if (!replicas.some(({ isServing }) => isServing) && replicas.every(cannotStart)) {
      killAll();
      fail("None of the replicas can be started; what they said is above.");
    }
    if (url !== undefined && replicas.every(({ isTried }) => isTried)) {
      resolve(url);
    }
  };
  const replicas: readonly Replica[] = Array.from(
    { length: count },
    () => new Replica(onTried, log),
  );

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
        // A replica whose event loop is blocked ignores signals, and would outlive this process.
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

/**
 * Chooses a free port once: with `--port 0`, replicas started after the death of all would get
 * another.
 */
async function choosePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

/** Backoff before the first restart; it doubles with each consecutive restart. */
const firstDelayMs = 250;
const maxDelayMs = 30_000;
/** Time that a replica must serve to reset the backoff. */
const provenMs = 10_000;

/** A copy of this command that is restarted whenever it ends. */
class Replica {
  /** Consecutive starts that ended before the replica served. */
  failedStarts = 0;
  /** Whether a start ended by itself rather than by a signal. */
  isWrong = false;
  /** Whether it has served, or ended before. */
  isTried = false;
  readonly #onTried: (url: string | undefined) => void;
  readonly #log: (message: string) => void;
  #worker: Worker | undefined;
  #servingSinceMs: number | undefined;
  #restarts = 0;
  #restart: NodeJS.Timeout | undefined;
  #stopSignal: NodeJS.Signals | undefined;
  readonly #ended = Promise.withResolvers<number>();

  /** @param onTried called with the address when it serves, and without when it ended before */
  constructor(onTried: (url: string | undefined) => void, log: (message: string) => void) {
    this.#onTried = onTried;
    this.#log = log;
  }

  get isServing(): boolean {
    return this.#servingSinceMs !== undefined;
  }

  start(): void {
    let worker: Worker;
    try {
      worker = cluster.fork();
    } catch (error) {
      this.#onEnd("", reasonOf(error), 1);
      return;
    }
    this.#worker = worker;
    worker.once("message", ({ url }: { url: string }) => {
      this.#servingSinceMs = performance.now();
      this.isTried = true;
      this.#onTried(url);
    });
    worker.on("error", ({ message }) => {
      // A process that could not be created has no "exit"; for others it follows.
      if (worker.process.pid === undefined) {
        this.#onEnd("", message, 1);
      }
    });
    worker.once("exit", (code: number | null, signal: NodeJS.Signals | null) => {
      const reason = signal ?? `exit code ${code}`;
      // The stop signal may arrive before a starting replica listens for it.
      const isStopped = signal !== null && signal === this.#stopSignal && !this.isServing;
      this.#onEnd(` ${worker.process.pid}`, reason, isStopped ? 0 : (code ?? 1), signal === null);
    });
  }

  /** Makes a serving process reload its certificates; a starting one reads them anyway. */
  reload(): void {
    if (this.isServing) {
      this.#worker?.process.kill("SIGHUP");
    }
  }

  /**
   * Sends a signal to the process, if there is one, and starts no other.
   *
   * @returns exit code of the process after it has ended; 0 when there was none
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
    this.#log(`The replica${name} ${when} (${reason}); starting another in ${delayMs} ms.`);
    if (servedMs === undefined) {
      this.failedStarts++;
      this.isWrong ||= isProblem;
      this.isTried = true;
      this.#onTried(undefined);
    }
  }
}

/** Adds jitter of ±50 %, so that replicas that died together do not start together. */
function withJitter(delayMs: number): number {
  return Math.round((delayMs / 2) * (1 + Math.random()));
}
