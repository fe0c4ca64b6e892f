import { createClient, ErrorReply } from "@redis/client";
import { backendUnavailable, Failure } from "@unblock/errors/failure";
import { createNodeRedisClient } from "bullmq";
import { describeRedis } from "./redis-url.ts";

const connectTimeoutMs = 5_000;
const maxBackoffMs = 1_000;
/** Max commands that wait for a connection or a reply; more fail at once. */
const maxCommands = 10_000;

export type RedisConnection = ReturnType<typeof connectRedis>;

/**
 * Opens a connection that reconnects until it is closed. Commands wait meanwhile, as BullMQ's own
 * must; check `isReady` before a command that a caller waits for.
 *
 * @param log reports once that the connection is lost, and once that it responds again
 */
export function connectRedis({ url, log }: { url: string; log: (message: string) => void }) {
  const where = describeRedis(url);
  let isClosed = false;
  const raw = createClient({
    url,
    RESP: 2,
    commandsQueueMaxLength: maxCommands,
    socket: {
      connectTimeout: connectTimeoutMs,
      // BullMQ's duplicates share this strategy, and nothing else could end them while Redis is
      // away.
      reconnectStrategy: (attempts) =>
        isClosed ? false : Math.min(50 * 2 ** attempts, maxBackoffMs),
    },
  });
  const { promise: connected, resolve } = Promise.withResolvers<void>();
  let problem = "not connected yet";
  let isDown = false;
  raw.on("error", (error: Error & { code?: string }) => {
    problem = error.message || error.code || error.name;
    if (!isDown) {
      isDown = true;
      log(`The Redis at ${where} does not respond (${problem}); retrying.`);
    }
  });
  raw.on("ready", () => {
    if (isDown) {
      isDown = false;
      log(`The Redis at ${where} responds again.`);
    }
    resolve();
  });
  const client = createNodeRedisClient(raw);
  // Reported by the listener above; without this one, the error would end the process.
  client.on("error", () => {});
  const commands: Pick<typeof raw, "get" | "set" | "pExpire"> = raw;
  return {
    client,
    /** For BullMQ's objects, which duplicate the connection for blocking commands. */
    options: {
      connection: client,
      // BullMQ asks for the version only once: if Redis died just then, a worker would spin without
      // taking jobs, or a queue never add one.
      skipVersionCheck: true,
    },
    /** Commands that BullMQ does not have. */
    redis: commands,
    get isReady() {
      return raw.isReady;
    },
    get problem() {
      return problem;
    },
    /** Resolves at the first connection; never if closed before. */
    connected,
    close: () => {
      isClosed = true;
      raw.destroy();
    },
  };
}

/** Converts the failure of a command into what a caller can do about it. */
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

/** Whether Redis may have executed the command although it did not reply. */
export function mayBeDone({ cause }: Failure): boolean {
  return (
    cause instanceof Error &&
    !(cause instanceof ErrorReply) &&
    // The client's own error, for a command that was never sent.
    cause.message !== "The queue is full"
  );
}

/** Signs in the text of INFO that a job may not survive a killed Redis. */
const risks = [
  {
    sign: /^aof_enabled:(?!1$)/m,
    problem:
      "it has appendonly no, so jobs that it took are lost when it stops: " +
      "start it with --appendonly yes",
  },
  {
    sign: /^maxmemory_policy:(?!noeviction$)/m,
    problem:
      "it may evict jobs when its memory is full: start it with --maxmemory-policy noeviction",
  },
  {
    sign: /^role:(?!master$)/m,
    problem: "it is a read-only replica, which takes no jobs: use the address of its master",
  },
];

/** Reasons why a Redis may lose jobs, as ends of sentences; empty when there are none. */
export function durabilityProblems(info: string): readonly string[] {
  return risks.filter(({ sign }) => sign.test(info)).map(({ problem }) => problem);
}
