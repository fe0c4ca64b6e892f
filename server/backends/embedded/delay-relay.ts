import { type AddressInfo, connect, createServer, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { RedisEndpoint } from "../redis-url.ts";
import { cacheCounter, delayMs } from "./cache-server.ts";
import { parseCommands } from "./resp.ts";

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
