import { createClient, ErrorReply } from "@redis/client";
import { createNodeRedisClient, type IRedisClient } from "bullmq";
import { describeRedis } from "../backends/redis-url.ts";
import { backendUnavailable, Failure } from "../errors.ts";

/** How long a connection may take, in milliseconds. */
const connectTimeoutMs = 5_000;
/** The longest pause between two attempts to connect anew, in milliseconds. */
const longestPauseMs = 1_000;
/** How many commands may wait for a connection or an answer; more of them fail at once. */
const mostCommands = 10_000;

interface RedisConnectionConfig {
  readonly url: string;
  /** Told when the connection is lost and when it is back, once each. */
  readonly log: (message: string) => void;
}

type RedisCommands = Pick<ReturnType<typeof createClient>, "get" | "set" | "pExpire">;

/**
 * A connection that is made anew for as long as it takes. Commands wait for it meanwhile, as BullMQ's own
 * need it; whoever answers a caller looks at `isReady` first.
 */
export interface RedisConnection {
  readonly client: IRedisClient;
  /** For BullMQ's objects, which make duplicates of the connection for what blocks. */
  readonly options: { readonly connection: IRedisClient; readonly skipVersionCheck: true };
  /** For what BullMQ has no command for. */
  readonly redis: RedisCommands;
  readonly isReady: boolean;
  /** Why it is not ready. */
  readonly problem: string;
  /** What the server says of itself (INFO), as names and values. */
  info(): Promise<ReadonlyMap<string, string>>;
  /** Resolves at the first connection; never, when it is closed before. */
  readonly connected: Promise<void>;
  close(): void;
}

export function connectRedis({ url, log }: RedisConnectionConfig): RedisConnection {
  const where = describeRedis(url);
  let isClosed = false;
  const raw = createClient({
    url,
    RESP: 2,
    commandsQueueMaxLength: mostCommands,
    socket: {
      connectTimeout: connectTimeoutMs,
      // Also BullMQ's duplicates have it, which nobody else could end while there is no Redis.
      reconnectStrategy: (attempts) =>
        isClosed ? false : Math.min(50 * 2 ** attempts, longestPauseMs),
    },
  });
  const { promise: connected, resolve } = Promise.withResolvers<void>();
  let problem = "not connected yet";
  let isDown = false;
  raw.on("error", (error: Error & { code?: string }) => {
    problem = error.message || error.code || error.name;
    if (!isDown) {
      isDown = true;
      log(`The Redis at ${where} does not answer (${problem}); trying again until it does.`);
    }
  });
  raw.on("ready", () => {
    if (isDown) {
      isDown = false;
      log(`The Redis at ${where} is back.`);
    }
    resolve();
  });
  const client = createNodeRedisClient(raw);
  // Without a listener its errors would end the process; they have been told of.
  client.on("error", () => {});
  return {
    client,
    // Asked once for its version, a Redis that is killed just then would leave a worker that never takes a job
    // and spins, or a queue that never adds one: BullMQ does not ask again.
    options: { connection: client, skipVersionCheck: true },
    redis: raw,
    get isReady() {
      return raw.isReady;
    },
    get problem() {
      return problem;
    },
    info: async () => readInfo(await raw.info()),
    connected,
    close: () => {
      isClosed = true;
      raw.destroy();
    },
  };
}

function readInfo(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split("\r\n")
      .map((line) => line.split(":", 2))
      .map(([name = "", value = ""]) => [name, value]),
  );
}

/** What a caller can do about a command that failed. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) {
    return error;
  }
  if (error instanceof ErrorReply && error.message.includes("OOM")) {
    return new Failure("UNBLOCK_JOB_QUEUE_OUT_OF_MEMORY", {}, { cause: error });
  }
  if (error instanceof ErrorReply && error.message.includes("READONLY")) {
    return backendUnavailable("job queue", "its Redis is a read-only replica");
  }
  return backendUnavailable("job queue", error);
}

/** Whether Redis may have done what a command asked, or may do so later, although it did not answer. */
export function mayBeDone({ cause }: Failure): boolean {
  return (
    cause instanceof Error &&
    !(cause instanceof ErrorReply) &&
    // The client's own, which sent nothing then.
    cause.message !== "The queue is full"
  );
}

/** What must be so for a job to outlive a Redis that is killed, by the names that INFO has for it. */
const wanted = [
  {
    field: "aof_enabled",
    value: "1",
    otherwise:
      "it has appendonly no, so jobs that it took are lost when it stops: " +
      "start it with --appendonly yes",
  },
  {
    field: "maxmemory_policy",
    value: "noeviction",
    otherwise:
      "it may evict jobs when its memory is full: start it with --maxmemory-policy noeviction",
  },
  {
    field: "role",
    value: "master",
    otherwise: "it is a read-only replica, which takes no jobs: use the address of its master",
  },
] as const;

/** Why a Redis is not fit to keep jobs, in sentences' ends; empty when it is. */
export function durabilityProblems(info: ReadonlyMap<string, string>): readonly string[] {
  return wanted
    .filter(({ field, value }) => (info.get(field) ?? value) !== value)
    .map(({ otherwise }) => otherwise);
}
