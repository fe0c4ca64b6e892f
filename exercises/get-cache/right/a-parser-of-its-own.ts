import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { cacheKey, cacheUrl } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "One socket carries all commands, and replies come in their order.",
};

class Resp {
  readonly #waiting: PromiseWithResolvers<string | null>[] = [];
  readonly #socket: Promise<Socket>;
  #bytes = Buffer.alloc(0);

  constructor(url: URL) {
    this.#socket = this.#open(url);
  }

  async #open({ hostname, port }: URL): Promise<Socket> {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, "connect");
    socket.unref();
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error("The cache has hung up"));
    });
    return socket;
  }

  async get(key: string): Promise<string | null> {
    const socket = await this.#socket;
    const reply = Promise.withResolvers<string | null>();
    this.#waiting.push(reply);
    socket.write(`*2\r\n$3\r\nGET\r\n$${Buffer.byteLength(key)}\r\n${key}\r\n`);
    return reply.promise;
  }

  #read(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (;;) {
      const end = this.#bytes.indexOf("\r\n");
      if (end < 0) return;
      const line = this.#bytes.toString("utf8", 0, end);
      let next = end + 2;
      let value: string | null = null;
      if (line.startsWith("$") && line !== "$-1") {
        const length = Number(line.slice(1));
        if (this.#bytes.length < next + length + 2) return;
        value = this.#bytes.toString("utf8", next, next + length);
        next += length + 2;
      }
      this.#bytes = this.#bytes.subarray(next);
      const reply = this.#waiting.shift();
      if (line.startsWith("-")) reply?.reject(new Error(line.slice(1)));
      else reply?.resolve(value);
    }
  }
}

let redis: Resp | undefined;

export const handler: Handler<"getCache"> = async ({ key }, signal) => {
  redis ??= new Resp(new URL(cacheUrl()));
  const value = await redis.get(cacheKey(key));
  signal.throwIfAborted();
  return { key, value: value ?? "", hit: value !== null };
};
