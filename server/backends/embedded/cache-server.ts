import { type AddressInfo, createServer, type Socket } from "node:net";
import { CallCounter } from "../call-counts.ts";
import { CacheStore } from "./cache-store.ts";
import { parseCommands } from "./resp.ts";

/** How long the cache takes to answer, in milliseconds. */
export const delayMs = 10;

export const cacheCounter = new CallCounter();

/** Sees what a cache is asked, and may have it fail or take longer. */
export interface CacheWatch {
  connected(socket: Socket): void;
  /**
   * A command arrives.
   *
   * @param keys what it looks up
   * @returns how it is answered; `onEnd` is called when it is, or its connection has gone
   */
  asked(keys: readonly string[], socket: Socket): CacheTurn;
}

export interface CacheTurn {
  readonly delayMs: number;
  /** The error to answer with; undefined for what the command asks for. */
  readonly failure: string | undefined;
  readonly onEnd: (isAnswered: boolean) => void;
}

const everyTurn: CacheWatch = {
  connected: () => {},
  asked: () => {
    cacheCounter.begin();
    return { delayMs, failure: undefined, onEnd: () => cacheCounter.end() };
  },
};

/**
 * Serves a warm cache that speaks enough RESP for a Redis client: every key holds a value until
 * somebody sets or deletes it. Commands may be pipelined, or queued between MULTI and EXEC.
 *
 * @param store what the keys hold
 * @returns the port, on loopback
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
export async function serveCache(store = new CacheStore(), watch = everyTurn): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    watch.connected(socket);
    serveConnection(socket, store, watch);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  return (server.address() as AddressInfo).port;
}

function serveConnection(socket: Socket, store: CacheStore, watch: CacheWatch): void {
  let unread: Uint8Array = Buffer.alloc(0);
  const session = store.openSession();
  // Replies leave in the order of their commands: equal timers fire in the order they were set.
  const serve = (command: readonly string[]) => {
    const turn = watch.asked(session.keysOf(command), socket);
    setTimeout(() => {
      const isAnswered = !socket.destroyed;
      turn.onEnd(isAnswered);
      if (isAnswered) {
        socket.write(session.reply(command, turn.failure));
      }
    }, turn.delayMs);
  };
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    try {
      const { commands, rest } = parseCommands(Buffer.concat([unread, chunk]));
      unread = rest;
      commands.forEach(serve);
    } catch {
      // Not RESP: whoever it is, there is no way to go on.
      socket.destroy();
    }
  });
}
