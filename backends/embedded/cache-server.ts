import { once } from "node:events";
import { type AddressInfo, connect, createServer, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { RedisEndpoint } from "@unblock/executors/queue/redis-url";
import { CallCounter } from "../call-counts.ts";
import { CacheStore } from "./cache-store.ts";

export const delayMs = 10;

export const cacheCounter = new CallCounter();

/** Observes a cache's commands, and can make them fail or take longer. */
interface CacheWatch {
  connected(socket: Socket): void;
  /**
   * Called for each command.
   *
   * @param keys the keys that the command looks up
   * @returns how to reply; `onEnd` is called after the reply, or when the connection has closed
   */
  asked(keys: readonly string[], socket: Socket): CacheTurn;
}

interface CacheTurn {
  readonly delayMs: number;
  /** Error to reply with; undefined for a normal reply. */
  readonly failure: string | undefined;
  readonly onEnd: (isReplied: boolean) => void;
}

const everyTurn: CacheWatch = {
  connected: () => {},
  asked: () => {
    cacheCounter.begin();
    return { delayMs, failure: undefined, onEnd: () => cacheCounter.end() };
  },
};

/**
 * Serves a warm cache that speaks enough RESP for a Redis client: every key has a value until it is
 * set or deleted. Commands may be pipelined, or queued between MULTI and EXEC.
 *
 * @param store values of the keys
 * @returns port on loopback
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
export async function serveCache(store = new CacheStore(), watch = everyTurn): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    watch.connected(socket);
    serveConnection(socket, store, watch);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

function serveConnection(socket: Socket, store: CacheStore, watch: CacheWatch): void {
  let unread: Uint8Array = Buffer.alloc(0);
  const session = store.openSession();
  // Replies keep the order of their commands, because equal timers fire in the order they were set.
  const serve = (command: readonly string[]) => {
    const turn = watch.asked(session.keysOf(command), socket);
    setTimeout(() => {
      const isReplied = !socket.destroyed;
      turn.onEnd(isReplied);
      if (isReplied) {
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
      // Not RESP: the connection can't continue.
      socket.destroy();
    }
  });
}

/**
 * Relay between the cache's client and a real Redis that adds the exercise's delay: it forwards
 * what the client sends 10 ms later, and replies at once. Redis itself stays quick, and everything
 * the client does (one connection for all, commands in sequence, reconnecting) is real. The relay
 * speaks TLS with Redis where needed, so that it can count commands; a command is in progress until
 * it is forwarded.
 *
 * @returns port on loopback
 */
export async function serveDelayRelay(redis: RedisEndpoint): Promise<number> {
  const server = createServer({ noDelay: true }, (client) => relay(client, connectTo(redis)));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

function connectTo({ host, port, tls }: RedisEndpoint): Socket {
  // An IP address is not valid as a server name.
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
      // Not RESP: there is nothing to count.
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
  // Ends both connections when one ends, as without a relay.
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
 * Parses the complete commands at the start of `data`. A command is an array of bulk strings, the
 * only form that clients send.
 *
 * @throws Error for anything else
 * @see
 *   https://redis.io/docs/latest/develop/reference/protocol-spec/#sending-commands-to-a-redis-server
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
