import { once } from "node:events";
import { type AddressInfo, connect, createServer, isIP, type Server, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { RedisEndpoint } from "@unblock/executors/queue/redis-url";
import { CallCounter } from "../call-counts.ts";
import { CacheSession, CacheStore } from "./cache-store.ts";

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
  asked(keys: readonly string[]): CacheTurn;
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
export function serveCache(store = new CacheStore(), watch = everyTurn): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    watch.connected(socket);
    socket.on("error", () => socket.destroy());
    const session = new CacheSession(store);
    // Replies keep the order of their commands, because equal timers fire in the order they were set.
    const serve = (command: readonly string[]) => {
      const turn = watch.asked(session.keysOf(command));
      setTimeout(() => {
        const isReplied = !socket.destroyed;
        turn.onEnd(isReplied);
        if (isReplied) {
          writeTogether(socket, session.reply(command, turn.failure));
        }
      }, turn.delayMs);
    };
    onCommands(socket, (commands) => commands.forEach(serve));
  });
  return listenOnLoopback(server);
}

/** Sends what one turn of the event loop writes in one system call, as Redis does. */
function writeTogether(socket: Socket, text: string): void {
  if (socket.writableCorked === 0) {
    socket.cork();
    setImmediate(() => socket.uncork());
  }
  socket.write(text);
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
export function serveDelayRelay({ host, port, tls }: RedisEndpoint): Promise<number> {
  // An IP address is not valid as a server name.
  const name = isIP(host) ? {} : { servername: host };
  const server = createServer({ noDelay: true }, (client) => {
    const redis = tls ? connectTls({ host, port, ...name }) : connect(port, host);
    redis.setNoDelay(true);
    onCommands(client, (commands, chunk) => {
      for (const _ of commands) {
        cacheCounter.begin();
      }
      // Equal timers fire in the order they were set.
      setTimeout(() => {
        for (const _ of commands) {
          cacheCounter.end();
        }
        if (!redis.destroyed && !redis.write(chunk)) {
          client.pause();
        }
      }, delayMs);
    });
    redis.on("drain", () => client.resume());
    redis.pipe(client);
    // Ends both connections when one ends, as without a relay.
    for (const socket of [client, redis]) {
      socket.on("error", () => socket.destroy());
      socket.on("close", () => (socket === client ? redis : client).destroy());
    }
  });
  return listenOnLoopback(server);
}

async function listenOnLoopback(server: Server): Promise<number> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

/** Reads a client's commands; a connection that does not speak RESP is closed. */
function onCommands(
  socket: Socket,
  onRead: (commands: readonly (readonly string[])[], chunk: Buffer) => void,
): void {
  let unread: Uint8Array = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    try {
      const { commands, rest } = parseCommands(Buffer.concat([unread, chunk]));
      unread = rest;
      onRead(commands, chunk);
    } catch {
      socket.destroy();
    }
  });
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
  let rest = data;
  for (let next = parseCommand(rest); next; next = parseCommand(rest)) {
    commands.push(next.command);
    rest = next.rest;
  }
  return { commands, rest };
}

/** @returns undefined when the command is not complete */
function parseCommand(data: Buffer): { command: string[]; rest: Buffer } | undefined {
  const header = parseLength(data, "*");
  if (!header) {
    return undefined;
  }
  const command: string[] = [];
  let { rest } = header;
  while (command.length < header.length) {
    const argument = parseLength(rest, "$");
    if (!argument || argument.rest.length < argument.length + lineEnd.length) {
      return undefined;
    }
    command.push(argument.rest.toString("utf8", 0, argument.length));
    rest = argument.rest.subarray(argument.length + lineEnd.length);
  }
  return { command, rest };
}

function parseLength(data: Buffer, type: string): { length: number; rest: Buffer } | undefined {
  const end = data.indexOf(lineEnd);
  if (end < 0) {
    return undefined;
  }
  const line = data.toString("latin1", 0, end);
  const length = Number(line.slice(1));
  if (line[0] !== type || !Number.isInteger(length) || length < 0) {
    throw new Error(`Expected "${type}" and a length, got ${JSON.stringify(line)}`);
  }
  return { length, rest: data.subarray(end + lineEnd.length) };
}
