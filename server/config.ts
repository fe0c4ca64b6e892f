import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { assertOwnBackends, assertPostgresUrl, type OwnBackends } from "@unblock/backends/backends";
import type { ImageHosts } from "@unblock/backends/images";
import { defaultConnectionLimits } from "@unblock/connect/listener/limits";
import type { Http2Implementation, TlsConfig } from "@unblock/connect/listener/listener";
import { assertRedisUrl } from "@unblock/executors/queue/redis-url";
import { loadExercises, type Resources, type ServedExercise } from "@unblock/exercises/exercise";
import { progressPath } from "@unblock/progress/progress";
import type { LogLevel } from "@unblock/terminal/logger";

const dayMs = 86_400_000;
const cores = availableParallelism();
const connections = defaultConnectionLimits;

/**
 * All options that are whole numbers: default, minimum, maximum and description. Nothing else states them: flags
 * and checks are made from this table. A name in `Ms` is a duration in milliseconds, and its flag takes "1s".
 */
export const numberOptions = {
  port: [8080, 0, 65_535, "port to listen on; 0 for any free port"],
  cpuWorkers: [cores, 1, 256, "threads for CPU work; --replicas share the default"],
  blockingThreads: [16, 1, 256, "threads for blocking calls"],
  libuvThreads: [
    // Node's own default is 4.
    Number(process.env.UV_THREADPOOL_SIZE || 4),
    1,
    1024,
    "threads of libuv's pool (fs, zlib), which reads UV_THREADPOOL_SIZE once",
  ],
  processes: [cores, 1, 64, "child processes for CPU work"],
  replicas: [1, 1, 64, "copies of the server that share the port and the cores"],
  maxQueue: [1000, 1, 1_000_000, "tasks that may wait for each executor"],
  maxCalls: [2000, 1, 1_000_000, "unary calls in progress at once, in all executors together"],
  shutdownNoticeMs: [0, 0, 60_000, "time to keep serving after a signal, with health NOT_SERVING"],
  defaultTimeoutMs: [30_000, 0, dayMs, "deadline of unary calls that have none; 0s for none"],
  maxTimeoutMs: [
    300_000,
    0,
    dayMs,
    "max deadline of unary calls, to which others are cut; 0s for none",
  ],
  maxConnections: [
    connections.maxConnections,
    2,
    1_000_000,
    "max connections; half of them may come from one address",
  ],
  // The system's keepalive counts in seconds.
  keepaliveIntervalMs: [
    connections.keepaliveIntervalMs,
    1_000,
    dayMs,
    "interval between checks that a client is still connected",
  ],
  keepaliveTimeoutMs: [
    connections.keepaliveTimeoutMs,
    1_000,
    dayMs,
    "time to respond to such a check before the connection is cut",
  ],
  maxConnectionAgeMs: [
    connections.maxConnectionAgeMs,
    0,
    dayMs,
    "age, ±10 %, at which a connection takes no more calls, so that clients open another",
  ],
  maxConnectionAgeGraceMs: [
    connections.maxConnectionAgeGraceMs,
    0,
    dayMs,
    "time for the calls in progress after that, before they are cut",
  ],
} satisfies Record<string, NumberOption>;

type NumberOption = [defaultValue: number, min: number, max: number, text: string];
export type NumberOptionName = keyof typeof numberOptions;

export interface ServerConfig extends OwnBackends, Readonly<Record<NumberOptionName, number>> {
  /** Address to listen on. Default 127.0.0.1. */
  readonly host: string;
  /** Origins whose pages may call, such as "https://app.example.com". Default: none. */
  readonly corsOrigins: readonly string[];
  /** PEM texts for TLS. Default: none, cleartext. */
  readonly tls: TlsConfig | undefined;
  /** What serves HTTP/2. Default "unblock", this project's own implementation. */
  readonly http2: Http2Implementation;
  /** Whether the signal of a unary call also aborts when the call ends, as in Connect's own handlers. Default false. */
  readonly signalEndsWithCall: boolean;
  /** Postgres for exercise A, `postgres://user:password@host/database`. Default: the embedded database. */
  readonly databaseUrl: string | undefined;
  /**
   * Redis for the cache and for the jobs of the strategy `queue`, `redis://[user:password@]host[:port][/database]`
   * or `rediss://`. Default: the embedded cache, and no strategy `queue`.
   */
  readonly redisUrl: string | undefined;
  /** Folder of the built page. Default: the project's `web/dist`. */
  readonly pageFolder: string;
  /** Folder for finished runs of LabService. Default: `.unblock/runs` in the current directory. */
  readonly runsFolder: string;
  /** File of the learner's progress, which ProgressService serves. Default: `learn/yours/progress.json`. */
  readonly progressFile: string;
  /** Token required to call LabService, from any host. Default: none, and only this machine may call it. */
  readonly token: string | undefined;
  /** Whether threads, connections and code are warm before the server resolves. Default true. */
  readonly warmUp: boolean;
  /** Loads the exercises' handlers. Default: those of `exercises`. */
  readonly loadExercises: (resources: Resources) => Promise<readonly ServedExercise[]>;
  /** Hosts that images may come from besides example.com, each with the base URL that serves it. */
  readonly imageHosts: ImageHosts;
  /** Min level of log lines. Default "info", which has the calls that the server failed. */
  readonly logLevel: LogLevel;
  /** Takes a line for the operator. Default: standard error. */
  readonly log: (message: string) => void;
}

/** The defaults of everything but numbers. */
export const defaults = {
  host: "127.0.0.1",
  runsFolder: ".unblock/runs",
  progressFile: progressPath(),
  logLevel: "info",
  http2: "unblock",
} as const;

/**
 * Fills in the defaults.
 *
 * @throws RangeError that names the option, the expected values and the actual one
 */
export function completeConfig(config: Partial<ServerConfig>): ServerConfig {
  const complete: ServerConfig = {
    ...numberDefaults(),
    ...defaults,
    corsOrigins: [],
    tls: undefined,
    signalEndsWithCall: false,
    databaseUrl: undefined,
    redisUrl: undefined,
    pageFolder: fileURLToPath(new URL("../web/dist", import.meta.url)),
    token: undefined,
    warmUp: true,
    loadExercises,
    imageHosts: {},
    log: (message) => process.stderr.write(`${message}\n`),
    ...config,
  };
  for (const name of numberOptionNames()) {
    const [, min, max] = numberOptions[name];
    const value = complete[name];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new RangeError(
        `Expected ${name} to be a whole number from ${min} to ${max}, got ${value}`,
      );
    }
  }
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
  return complete;
}

export function numberOptionNames(): NumberOptionName[] {
  return Object.keys(numberOptions) as NumberOptionName[];
}

function numberDefaults(): Record<NumberOptionName, number> {
  const entries = Object.entries(numberOptions).map(([name, [value]]) => [name, value]);
  return Object.fromEntries(entries);
}
