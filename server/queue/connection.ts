import { createClient } from "@redis/client";
import { createNodeRedisClient, type IRedisClient } from "bullmq";
import { describeRedis } from "../backends/redis-url.ts";

/** How long a connection may take, in milliseconds. */
const connectTimeoutMs = 5_000;
/** The longest pause between two attempts to connect anew, in milliseconds. */
const longestPauseMs = 1_000;
/** How many commands may wait for a connection or an answer; more of them fail at once. */
const mostCommands = 10_000;

export interface RedisConnectionConfig {
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
