import { once } from "node:events";
import { Agent, request as requestHttp } from "node:http";
import { connect as connectTcp, type Socket } from "node:net";
import {
  flag,
  frame,
  frameType,
  headersFrames,
  preface,
  settingsFrame,
} from "@unblock/http2/frames";
import { HpackEncoder } from "@unblock/http2/hpack-encoder";
import { FrameReader } from "@unblock/http2/testing/frame-reader";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createAdapter } from "../adapter/adapter.ts";
import type { Exchange } from "../adapter/exchange.ts";
import { defaultConnectionLimits } from "./limits.ts";
import {
  type Http2Implementation,
  http2Implementations,
  type Listener,
  type ListenerConfig,
  listen,
} from "./listener.ts";

const waitOptions = { timeout: 20_000, interval: 10 };
const largestStream = 2 ** 31 - 1;

const sockets: Socket[] = [];
const listeners: Listener[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) {
    socket.destroy();
  }
  await Promise.all(listeners.splice(0).map((listener) => listener.drain()));
});

/** Starts a server that responds with the path at once, or for "/late" on request. */
async function open(
  age: Partial<ListenerConfig["connectionLimits"]> = {},
  http2: Http2Implementation = "unblock",
) {
  const late: Exchange[] = [];
  const listener = await listen(
    { host: "127.0.0.1", port: 0, http2, connectionLimits: { ...defaultConnectionLimits, ...age } },
    createAdapter({
      routes: () => {},
      fallback: (exchange) => {
        if (exchange.path === "/late") {
          late.push(exchange);
        } else {
          respondWithPath(exchange);
        }
      },
    }),
  );
  listeners.push(listener);
  return { listener, late };
}

function respondWithPath(exchange: Exchange): void {
  exchange.respond({ status: 200, header: {}, body: Buffer.from(exchange.path) });
}

/** A client that sends frames, and acknowledges PINGs only on request. */
class RawCaller {
  readonly socket: Socket;
  /** Last stream ids of the received GOAWAY frames, in order. */
  readonly goAways: number[] = [];
  /** Paths of the received responses. */
  readonly responded: string[] = [];
  readonly #encoder = new HpackEncoder();
  readonly #pings: Buffer[] = [];
  #lastId = -1;

  constructor({ port }: Listener) {
    this.socket = connectTcp(port, "127.0.0.1");
    sockets.push(this.socket);
    this.socket.on("error", () => {});
    const reader = new FrameReader((type, flags, _, payload) => {
      if (type === frameType.goAway) {
        this.goAways.push(payload.readUInt32BE(0));
      } else if (type === frameType.data) {
        this.responded.push(payload.toString());
      } else if (type === frameType.ping && flags !== flag.ack) {
        this.#pings.push(Buffer.from(payload));
      }
    });
    this.socket.on("data", (data: Buffer) => reader.read(data));
    this.socket.write(Buffer.concat([preface, settingsFrame([])]));
  }

  call(path: string): void {
    const block = this.#encoder.encode([
      [":method", "GET"],
      [":scheme", "http"],
      [":authority", "x"],
      [":path", path],
    ]);
    this.#lastId += 2;
    this.socket.write(headersFrames(this.#lastId, block, true));
  }

  get pings(): number {
    return this.#pings.length;
  }

  acknowledgePings(): void {
    for (const payload of this.#pings.splice(0)) {
      this.socket.write(frame(frameType.ping, flag.ack, 0, payload));
    }
  }
}

describe.each(http2Implementations)("HTTP/2 of %s", (http2) => {
  test.each(["at its age", "at a stop"])(
    "serves HTTP/2 calls already sent when a connection ended %s",
    async (when) => {
      const { listener } = await open(
        { maxConnectionAgeMs: when === "at its age" ? 200 : 0 },
        http2,
      );
      const caller = new RawCaller(listener);
      caller.call("/before");
      await vi.waitUntil(() => caller.responded.length === 1, waitOptions);
      const drained = when === "at a stop" ? listener.drain() : undefined;
      await vi.waitUntil(() => caller.goAways.length === 1 && caller.pings === 1, waitOptions);
      expect(caller.goAways).toEqual([largestStream]);
      // As if the call had been sent before the GOAWAY was read.
      caller.call("/meanwhile");
      await vi.waitUntil(() => caller.responded.length === 2, waitOptions);
      expect(caller.responded).toEqual(["/before", "/meanwhile"]);
      caller.acknowledgePings();
      await once(caller.socket, "close");
      expect(new Set(caller.goAways)).toEqual(new Set([largestStream, 3]));
      await drained;
      await vi.waitUntil(() => listener.connections === 0, waitOptions);
    },
  );

  test("drains although a client reads no GOAWAY", async () => {
    const { listener } = await open({}, http2);
    const caller = new RawCaller(listener);
    caller.call("/before");
    await vi.waitUntil(() => caller.responded.length === 1, waitOptions);
    await listener.drain();
    expect(new Set(caller.goAways)).toEqual(new Set([largestStream, 1]));
  });

  test("serves a call in progress at the max age, then closes the connection", async () => {
    const { listener, late } = await open(
      {
        maxConnectionAgeMs: 200,
        maxConnectionAgeGraceMs: 60_000,
      },
      http2,
    );
    const caller = new RawCaller(listener);
    caller.call("/late");
    await vi.waitUntil(() => caller.goAways.length === 1 && caller.pings === 1, waitOptions);
    caller.acknowledgePings();
    await vi.waitUntil(() => caller.goAways.at(-1) === 1, waitOptions);
    for (const exchange of late) {
      respondWithPath(exchange);
    }
    await once(caller.socket, "close");
    expect(caller.responded).toEqual(["/late"]);
  });

  test("destroys the connection of a call in progress after the grace", async () => {
    const { listener, late } = await open(
      {
        maxConnectionAgeMs: 200,
        maxConnectionAgeGraceMs: 200,
      },
      http2,
    );
    const caller = new RawCaller(listener);
    caller.call("/late");
    await once(caller.socket, "close");
    expect(caller.goAways[0]).toBe(largestStream);
    expect(late).toHaveLength(1);
    await vi.waitUntil(() => listener.connections === 0, waitOptions);
  });
});

test("sends connection: close with the next HTTP/1.1 response at the max age", async () => {
  const { listener } = await open({ maxConnectionAgeMs: 300 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports: (number | undefined)[] = [];
  const call = async () => {
    const request = requestHttp({ port: listener.port, host: "127.0.0.1", agent }).end();
    const [response] = await once(request, "response");
    response.resume();
    ports.push(request.socket?.localPort);
    await once(response, "close");
    return response.headers.connection;
  };
  await vi.waitUntil(async () => (await call()) === "close", waitOptions);
  const calls = ports.length;
  expect(new Set(ports).size).toBe(1);
  expect(await call()).toBe("keep-alive");
  expect(ports[calls]).not.toBe(ports[0]);
  agent.destroy();
});

test("destroys an HTTP/1.1 connection with a call after the grace, but no idle one", async () => {
  const calls: string[] = [];
  const age = { maxConnectionAgeMs: 200, maxConnectionAgeGraceMs: 200 };
  const listener = await listen(
    { host: "127.0.0.1", port: 0, connectionLimits: { ...defaultConnectionLimits, ...age } },
    createAdapter({
      routes: () => {},
      fallback: (exchange) => {
        calls.push(exchange.path);
        if (exchange.path !== "/late") {
          exchange.respond({ status: 200, header: {} });
        }
      },
    }),
  );
  listeners.push(listener);
  const dial = () => {
    const socket = connectTcp(listener.port, "127.0.0.1");
    sockets.push(socket);
    return socket.on("error", () => {}).resume();
  };
  const idle = dial();
  idle.write("GET /first HTTP/1.1\r\nhost: x\r\n\r\n");
  const late = dial();
  late.write("GET /late HTTP/1.1\r\nhost: x\r\n\r\n");
  await once(late, "close");
  await vi.waitUntil(() => listener.connections === 1, waitOptions);
  idle.write("GET /second HTTP/1.1\r\nhost: x\r\n\r\n");
  await once(idle, "close");
  expect(calls.toSorted()).toEqual(["/first", "/late", "/second"]);
});
