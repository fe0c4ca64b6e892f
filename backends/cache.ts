import { createClient, ErrorReply } from "@redis/client";
import { backendUnavailable } from "@unblock/errors/failure";
import { TimedOut, withTimeout } from "@unblock/executors/waiting";

const timeoutMs = 5_000;

function connect(url: string) {
  const client = createClient({
    url,
    RESP: 2,
    // Fail at once while disconnected: a caller can retry, while a hidden queue only grows.
    disableOfflineQueue: true,
    // `command` has a timeout that leaves no timer behind.
    commandOptions: { timeout: 0 },
    // The next command reconnects.
    socket: { reconnectStrategy: false, connectTimeout: timeoutMs },
  });
  // Each command reports its own failure; without a listener, an error would end the process.
  client.on("error", () => {});
  return client;
}

type Client = ReturnType<typeof connect>;

// One connection per thread; undefined after it has closed.
let current: { readonly url: string; readonly connected: Promise<Client> } | undefined;

/** Prefix of this service's keys in a Redis that others may use as well. */
export function keyInCache(key: string): string {
  return `unblock:cache:${key}`;
}

/** Lifetime of a filled key, because callers choose the keys without bound. */
const expirySeconds = 3_600;

/**
 * Looks up a key.
 *
 * @param url `redis://host:port`
 * @returns null when the cache does not have the key
 */
export function getFromCache(url: string, key: string): Promise<string | null> {
  return command(url, (client) => client.get(keyInCache(key)));
}

/**
 * Sets a key. A cache that rejects writes, because its memory is full or it is a read-only replica,
 * is not an error: the caller has the value.
 */
export async function putInCache(url: string, key: string, value: string): Promise<void> {
  const expiration = { type: "EX", value: expirySeconds } as const;
  await command(url, (client) =>
    client.set(keyInCache(key), value, { expiration }).catch((error: unknown) => {
      if (!(error instanceof ErrorReply)) {
        throw error;
      }
    }),
  );
}

/**
 * Opens this thread's connection ahead of time. An unreachable cache is not an error here; calls
 * report it.
 */
export async function connectCache(url: string, withinMs: number): Promise<void> {
  await withTimeout(withinMs, connected(url)).catch(() => {});
}

export async function disconnectCache(): Promise<void> {
  const closing = current;
  current = undefined;
  const client = await closing?.connected.catch(() => undefined);
  client?.destroy();
}

async function command<Reply>(
  url: string,
  send: (client: Client) => Promise<Reply>,
): Promise<Reply> {
  try {
    return await withTimeout(timeoutMs, connected(url).then(send));
  } catch (error) {
    if (error instanceof TimedOut) {
      // A hung cache accepts commands but never replies.
      void disconnectCache();
    }
    throw backendUnavailable("cache", error);
  }
}

function connected(url: string): Promise<Client> {
  if (current?.url !== url) {
    void disconnectCache();
    const client = connect(url);
    const connection = { url, connected: client.connect().then(() => client) };
    const forget = () => {
      if (current === connection) {
        current = undefined;
      }
    };
    client.once("error", forget);
    client.once("end", forget);
    current = connection;
  }
  return current.connected;
}
