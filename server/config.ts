import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { progressPath } from "../progress/progress.ts";
import { assertOwnBackends, noOwnBackends, type OwnBackends } from "./backends/backends.ts";
import type { ImageHosts } from "./backends/images.ts";
import { assertPostgresUrl } from "./backends/postgres/address.ts";
import { assertRedisUrl } from "./backends/redis-url.ts";
import { assertCallerLimits, type CallerLimits, defaultCallerLimits } from "./caller-limits.ts";
import { type House, loadExercises, type ServedExercise } from "./exercises/exercise.ts";
import type { LogLevel } from "./logger.ts";
import type { TlsConfig } from "./rpc/listener/listener.ts";

export interface ServerConfig extends OwnBackends, CallerLimits {
  /** Where to listen; loopback unless you mean the network. Default 127.0.0.1. */
  readonly host: string;
  /** 0 takes any free port. Default 8080. */
  readonly port: number;
  /** Threads for CPU work. Default: the number of cores. */
  readonly cpuWorkers: number;
  /** Threads for blocking calls. Default 16. */
  readonly blockingThreads: number;
  /** How many threads libuv's pool was started with (`UV_THREADPOOL_SIZE`). Default: what it says, or 4. */
  readonly libuvThreads: number;
  /** Child processes. Default: the number of cores. */
  readonly processes: number;
  /**
   * How many calls may wait in front of each place; on the event loop, for which nobody waits, how many may be
   * in progress. Default 1000.
   */
  readonly maxQueue: number;
  /** How many unary calls may be in progress at once, on all places; those of vitals and health do not count. Default 2000. */
  readonly maxCalls: number;
  /** Pages of these origins may call, such as "https://app.example.com". Default: none. */
  readonly corsOrigins: readonly string[];
  /** TLS with these PEM texts instead of cleartext. Default: none. */
  readonly tls: TlsConfig | undefined;
  /**
   * How long the server, when it closes, serves on while its health says NOT_SERVING, in milliseconds: load
   * balancers that ask now and then send their calls elsewhere before connections end. Default 0.
   */
  readonly shutdownNoticeMs: number;
  /** Whether unary calls take the direct lane instead of Connect's own handlers. Default true. */
  readonly directLane: boolean;
  /** A real Postgres instead of the embedded database, `postgres://user:password@host/database`. Default: none. */
  readonly databaseUrl: string | undefined;
  /**
   * A real Redis, `redis://[user:password@]host[:port][/database]` or `rediss://`: the cache, and where
   * the jobs of the strategy `queue` are. Default: none, the embedded cache, and no such strategy.
   */
  readonly redisUrl: string | undefined;
  /** Where the built page is. Default: the project's `web/dist`. */
  readonly pageFolder: string;
  /** Where finished runs of LabService are kept. Default `.unblock/runs` in the current directory. */
  readonly runsFolder: string;
  /** File of the learner's progress, which ProgressService serves. Default: `learn/yours/progress.json`. */
  readonly progressFile: string;
  /** What callers of LabService must have, who may come from anywhere then. Default: none, and only this machine. */
  readonly token: string | undefined;
  /** How many servers share the port, this one included; more than one have no LabService. Default 1. */
  readonly replicas: number;
  /**
   * Whether the server resolves only when its threads, processes and connections are warm, and its own code
   * is compiled: its first calls are as fast as later ones then. Default true.
   */
  readonly warmUp: boolean;
  /** Whose code answers the exercises. Default: that of `server/exercises`. */
  readonly loadExercises: (house: House) => Promise<readonly ServedExercise[]>;
  /** Hosts that images may come from besides example.com, each with the base URL that serves it. */
  readonly imageHosts: ImageHosts;
  /** From which level on calls and failures are logged. Default "info": those that the server failed. */
  readonly logLevel: LogLevel;
  /** Takes a line for the people who run the server. Default: standard error. */
  readonly log: (message: string) => void;
}

/** Node's own default for libuv's pool. */
const nodeLibuvThreads = 4;

/**
 * Fills in the defaults.
 *
 * @throws RangeError that names the option, what was expected and what came
 */
export function completeConfig(config: Partial<ServerConfig>): ServerConfig {
  const complete: ServerConfig = {
    host: "127.0.0.1",
    port: 8080,
    cpuWorkers: availableParallelism(),
    blockingThreads: 16,
    libuvThreads: Number(process.env.UV_THREADPOOL_SIZE ?? nodeLibuvThreads),
    processes: availableParallelism(),
    maxQueue: 1000,
    maxCalls: 2000,
    corsOrigins: [],
    tls: undefined,
    shutdownNoticeMs: 0,
    directLane: true,
    databaseUrl: undefined,
    redisUrl: undefined,
    ...noOwnBackends,
    ...defaultCallerLimits,
    pageFolder: fileURLToPath(new URL("../web/dist", import.meta.url)),
    runsFolder: ".unblock/runs",
    progressFile: progressPath(),
    token: undefined,
    replicas: 1,
    logLevel: "info",
    warmUp: true,
    loadExercises,
    imageHosts: {},
    log: (message) => process.stderr.write(`${message}\n`),
    ...config,
  };
  assertWhole("port", complete.port, 0, 65_535);
  assertWhole("cpuWorkers", complete.cpuWorkers, 1, 256);
  assertWhole("blockingThreads", complete.blockingThreads, 1, 256);
  assertWhole("libuvThreads", complete.libuvThreads, 1, 1024);
  assertWhole("processes", complete.processes, 1, 64);
  assertWhole("maxQueue", complete.maxQueue, 1, 1_000_000);
  assertWhole("maxCalls", complete.maxCalls, 1, 1_000_000);
  assertWhole("shutdownNoticeMs", complete.shutdownNoticeMs, 0, 60_000);
  if (complete.token !== undefined && !/^[\x21-\x7e]{8,200}$/.test(complete.token)) {
    // It is a secret, so it is not quoted.
    throw new RangeError(
      `Expected token to be 8 to 200 visible ASCII characters, got ${complete.token.length} characters`,
    );
  }
  if (complete.databaseUrl !== undefined) {
    assertPostgresUrl(complete.databaseUrl);
  }
  if (complete.redisUrl !== undefined) {
    assertRedisUrl(complete.redisUrl);
  }
  assertOwnBackends(complete);
  assertCallerLimits(complete);
  return complete;
}

function assertWhole(option: string, value: number, from: number, to: number): void {
  if (!Number.isInteger(value) || value < from || value > to) {
    throw new RangeError(
      `Expected ${option} to be a whole number from ${from} to ${to}, got ${value}`,
    );
  }
}
