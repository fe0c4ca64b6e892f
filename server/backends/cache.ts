import { createClient } from "@redis/client";
import { backendUnavailable } from "../errors.ts";

/** A command that is not answered within this time has failed, in milliseconds. */
const timeoutMs = 5_000;

function connect(url: string) {
  const client = createClient({
    url,
    RESP: 2,
    // Fail at once while the connection is down: a caller can try again, a hidden queue only grows.
    disableOfflineQueue: true,
    commandOptions: { timeout: timeoutMs },
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

/**
 * Looks a key up.
 *
 * @param url `redis://host:port`
 * @returns null when the key is not there
 */
export function getFromCache(url: string, key: string): Promise<string | null> {
  return command(url, (client) => client.get(key));
}

/** Sets a key. */
export async function putInCache(url: string, key: string, value: string): Promise<void> {
  await command(url, (client) => client.set(key, value));
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
    return await send(await connected(url));
  } catch (error) {
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
