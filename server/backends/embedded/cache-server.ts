import { type AddressInfo, connect, createServer, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { CallCounter } from "../call-counts.ts";
import type { RedisEndpoint } from "../redis-url.ts";
import { CacheStore } from "./cache-store.ts";

/** How long the cache takes to answer, in milliseconds. */
export const delayMs = 10;

export const cacheCounter = new CallCounter();

/** Sees what a cache is asked, and may have it fail or take longer. */
interface CacheWatch {
  connected(socket: Socket): void;
  /**
   * A command arrives.
   *
   * @param keys what it looks up
   * @returns how it is answered; `onEnd` is called when it is, or its connection has gone
   */
  asked(keys: readonly string[], socket: Socket): CacheTurn;
}

interface CacheTurn {
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

/**
 * Stands between the cache's client and a real Redis, and makes it as slow as the exercise says: what
 * the client sends is passed on 10 ms later, what Redis answers at once. So Redis itself is quick, and
 * whatever the client does (one connection for everything, commands one behind the other, connecting
 * anew) is what it really does. It also speaks TLS where Redis wants it, so that it can count the
 * commands: one is in progress until it is passed on.
 *
 * @returns the port, on loopback
 */
export async function serveDelayRelay(redis: RedisEndpoint): Promise<number> {
  const server = createServer({ noDelay: true }, (client) => relay(client, connectTo(redis)));
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  return (server.address() as AddressInfo).port;
}

function connectTo({ host, port, tls }: RedisEndpoint): Socket {
  // An address is no name that a server could have been asked for.
  const name = isIP(host) ? {} : { servername: host };
  const socket = tls ? connectTls({ host, port, ...name }) : connect(port, host);
  return socket.setNoDelay(true);
}

function relay(client: Socket, redis: Socket): void {
  let unread: Uint8Array = Buffer.alloc(0);
  client.on("data", (chunk: Buffer) => {
    let commands: number;
    try {
      const parsed = parseCommands(Buffer.concat([unread, chunk]));
      unread = parsed.rest;
      commands = parsed.commands.length;
    } catch {
      // Not RESP: whoever it is, there is nothing to count.
      client.destroy();
      return;
    }
    count(commands, () => cacheCounter.begin());
    // Equal timers fire in the order they were set.
    setTimeout(() => {
      count(commands, () => cacheCounter.end());
      if (!redis.destroyed && !redis.write(chunk)) {
        client.pause();
      }
    }, delayMs);
  });
  redis.on("drain", () => client.resume());
  redis.pipe(client);
  // When one side is gone the other hears it as it would without a relay: its connection ends.
  for (const [one, other] of [
    [client, redis],
    [redis, client],
  ] as const) {
    one.on("error", () => one.destroy());
    one.on("close", () => other.destroy());
  }
}

function count(times: number, one: () => void): void {
  for (let n = 0; n < times; n++) {
    one();
  }
}

const lineEnd = "\r\n";

/**
 * The complete commands at the beginning of `data`, and what follows them. A command is an array of
 * bulk strings, the only form that clients send.
 *
 * @throws Error when the bytes are no such array
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/#sending-commands-to-a-redis-server
 */
export function parseCommands(data: Buffer): { commands: string[][]; rest: Buffer } {
  const commands: string[][] = [];
  let offset = 0;
  for (;;) {
    const parsed = parseCommand(data, offset);
    if (!parsed) {
      return { commands, rest: data.subarray(offset) };
    }
    commands.push(parsed.command);
    offset = parsed.end;
  }
}

function parseCommand(data: Buffer, start: number): { command: string[]; end: number } | undefined {
  const header = parseLength(data, start, "*");
  if (!header) {
    return undefined;
  }
  const command: string[] = [];
  let offset = header.end;
  while (command.length < header.length) {
    const argument = parseLength(data, offset, "$");
    if (!argument || data.length < argument.end + argument.length + lineEnd.length) {
      return undefined;
    }
    const end = argument.end + argument.length;
    command.push(data.toString("utf8", argument.end, end));
    offset = end + lineEnd.length;
  }
  return { command, end: offset };
}

function parseLength(
  data: Buffer,
  start: number,
  type: "*" | "$",
): { length: number; end: number } | undefined {
  const lineBreak = data.indexOf(lineEnd, start);
  if (lineBreak < 0) {
    return undefined;
  }
  const line = data.toString("latin1", start, lineBreak);
  const length = Number(line.slice(1));
  if (line[0] !== type || !Number.isInteger(length) || length < 0) {
    throw new Error(`Expected "${type}" and a length, got ${JSON.stringify(line)}`);
  }
  return { length, end: lineBreak + lineEnd.length };
}
