import { createClient, ErrorReply } from "@redis/client";
import { backendUnavailable } from "../errors.ts";
import { answeredWithin, NoAnswer } from "../give-up.ts";

/** A command that is not answered within this time has failed, in milliseconds. */
const timeoutMs = 5_000;

function connect(url: string) {
  const client = createClient({
    url,
    RESP: 2,
    // Fail at once while the connection is down: a caller can try again, a hidden queue only grows.
    disableOfflineQueue: true,
    // Its own time-out is a timer a command that fires seconds after the answer; ours is below.
    commandOptions: { timeout: 0 },
    // The next command connects anew; whoever waits for a connection hears that there is none.
    socket: { reconnectStrategy: false, connectTimeout: timeoutMs },
  });
  // Each command reports its own failure; without a listener an error would end the process.
  client.on("error", () => {});
  return client;
}

type Client = ReturnType<typeof connect>;

// One connection a thread carries every command of that thread; gone once it is closed.
let current: { readonly url: string; readonly connected: Promise<Client> } | undefined;

/** What the service keeps in a Redis that others may use as well, apart from theirs. */
export function keyInCache(key: string): string {
  return `unblock:cache:${key}`;
}

/** How long a filled key is kept, in seconds: callers choose the keys, and there is no end of them. */
const expirySeconds = 3_600;

/**
 * Looks a key up.
 *
 * @param url `redis://host:port`
 * @returns null when the key is not there
 */
export function getFromCache(url: string, key: string): Promise<string | null> {
  return command(url, (client) => client.get(keyInCache(key)));
}

/**
 * Sets a key. A cache that takes nothing more, because its memory is full or it is a read-only
 * replica, is no failure: whoever fills it has the value.
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
 * Opens this thread's connection before it is needed. A cache that is not there is no failure: it may come
 * later, and calls say so until then.
 */
export async function connectCache(url: string, withinMs: number): Promise<void> {
  await answeredWithin(withinMs, connected(url)).catch(() => {});
}

/** Closes this thread's connection. */
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
    return await answeredWithin(timeoutMs, connected(url).then(send));
  } catch (error) {
    if (error instanceof NoAnswer) {
      // A cache that hangs takes all commands, and answers none of them.
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
