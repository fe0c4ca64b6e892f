import { type AddressInfo, createServer, type Socket } from "node:net";
import { CallCounter } from "../call-counts.ts";
import { parseCommands } from "./resp.ts";

/** How long the cache takes to answer, in milliseconds. */
export const delayMs = 10;
/** Keys that were set or deleted and are remembered; beyond that the oldest is forgotten. */
const maxKeys = 10_000;

export const cacheCounter = new CallCounter();

/** What was set (a value) or deleted (null); every other key is there from the start. */
const changed = new Map<string, string | null>();

/**
 * Serves a warm cache that speaks enough RESP for a Redis client: every key holds "cached_data"
 * until somebody sets or deletes it.
 *
 * @returns the port, on loopback
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
export async function serveCache(): Promise<number> {
  const server = createServer({ noDelay: true }, serveConnection);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  return (server.address() as AddressInfo).port;
}

function serveConnection(socket: Socket): void {
  let unread: Uint8Array = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    try {
      const { commands, rest } = parseCommands(Buffer.concat([unread, chunk]));
      unread = rest;
      for (const command of commands) {
        serveCommand(socket, command);
      }
    } catch {
      // Not RESP: whoever it is, there is no way to go on.
      socket.destroy();
    }
  });
}

// Replies leave in the order of their commands: equal timers fire in the order they were set.
function serveCommand(socket: Socket, [name = "", ...args]: readonly string[]): void {
  cacheCounter.begin();
  setTimeout(() => {
    cacheCounter.end();
    if (!socket.destroyed) {
      socket.write(reply(name.toUpperCase(), args));
    }
  }, delayMs);
}

function reply(name: string, [key = "", value = ""]: readonly string[]): string {
  switch (name) {
    case "GET":
      return bulk(changed.has(key) ? (changed.get(key) ?? null) : "cached_data");
    case "SET":
      remember(key, value);
      return "+OK\r\n";
    case "DEL":
      remember(key, null);
      return ":1\r\n";
    case "PING":
      return "+PONG\r\n";
    case "CLIENT":
      return "+OK\r\n";
    default:
      return `-ERR unknown command '${name}'; this cache knows GET, SET, DEL and PING\r\n`;
  }
}

function remember(key: string, value: string | null): void {
  changed.delete(key);
  changed.set(key, value);
  const [oldest] = changed.keys();
  if (changed.size > maxKeys && oldest !== undefined) {
    changed.delete(oldest);
  }
}

function bulk(value: string | null): string {
  return value === null ? "$-1\r\n" : `$${Buffer.byteLength(value)}\r\n${value}\r\n`;
}
