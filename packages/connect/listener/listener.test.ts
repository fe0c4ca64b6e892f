import { once } from "node:events";
import { connect, type Socket } from "node:net";
import {
  headersFrames,
  maxWindowBytes,
  preface,
  setting,
  settingsFrame,
  windowUpdateFrame,
} from "@unblock/http2/frames";
import { HpackEncoder } from "@unblock/http2/hpack-encoder";
import { createCertificates } from "@unblock/test/certificates";
import { afterEach, expect, test, vi } from "vitest";
import { createAdapter } from "../adapter/adapter.ts";
import type { Exchange } from "../adapter/exchange.ts";
import { defaultTimeLimits } from "./limits.ts";
import { http2Implementations, type Listener, type ListenerConfig, listen } from "./listener.ts";

const waitOptions = { timeout: 20_000, interval: 20 };
/** More than the system buffers for a client that does not read. */
const largeBytes = 16 * 1024 * 1024;

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) {
    socket.destroy();
  }
});

/** Starts a server that never responds, unless a test passes a handler. */
function open(
  config: Partial<ListenerConfig>,
  serve: (exchange: Exchange) => void = () => {},
): Promise<Listener> {
  const adapter = createAdapter({ routes: () => {}, fallback: serve });
  return listen({ host: "127.0.0.1", port: 0, ...config }, adapter);
}

/** A client that sends something, and never closes its side. */
function dial({ port }: Listener, said: string | Buffer): Socket {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  sockets.push(socket);
  socket.on("error", () => {});
  socket.resume();
  socket.write(said, "latin1");
  return socket;
}

async function assertHolds(listener: Listener, connections: number): Promise<void> {
  await vi.waitUntil(() => listener.connections === connections, waitOptions);
}

test("drains although a client has sent nothing", async () => {
  const listener = await open({});
  const socket = dial(listener, "");
  await assertHolds(listener, 1);
  await listener.drain();
  await vi.waitUntil(() => socket.readableEnded || socket.closed, waitOptions);
  await assertHolds(listener, 0);
});

test.each(http2Implementations)(
  "drains although a client does not close its side, HTTP/2 of %s",
  async (http2) => {
    const listener = await open({ http2, timeLimits: { ...defaultTimeLimits, goodbyeMs: 100 } });
    const socket = dial(listener, Buffer.concat([preface, settingsFrame([])]));
    await once(socket, "data");
    const drained = listener.drain();
    await once(socket, "end");
    await drained;
    await assertHolds(listener, 0);
  },
);

test.each(http2Implementations)(
  "destroys the HTTP/2 connection of a client that opens all windows and reads nothing: %s",
  async (http2) => {
    const { promise: responded, resolve } = Promise.withResolvers<void>();
    const timeLimits = { ...defaultTimeLimits, headerMs: 200, requestMs: 200, idleMs: 400 };
    const listener = await open({ http2, timeLimits }, (exchange) => {
      exchange.respond({ status: 200, header: {}, body: Buffer.alloc(largeBytes) });
      resolve();
    });
    const request = new HpackEncoder().encode([
      [":method", "GET"],
      [":scheme", "http"],
      [":authority", "x"],
      [":path", "/"],
    ]);
    const socket = dial(
      listener,
      Buffer.concat([
        preface,
        settingsFrame([[setting.initialWindowSize, maxWindowBytes]]),
        windowUpdateFrame(0, largeBytes),
        headersFrames(1, request, true),
      ]),
    ).pause();
    await responded;
    expect(listener.connections).toBe(1);
    await assertHolds(listener, 0);
    expect(socket.bytesRead).toBeLessThan(largeBytes);
  },
);

test.each([
  ["nothing", ""],
  ["half of a TLS handshake", "\x16\x03\x01\x02\x00\x01"],
])("can destroy a TLS handshake after %s", async (_, said) => {
  const { server: tls } = await createCertificates();
  const listener = await open({ tls });
  dial(listener, said);
  await assertHolds(listener, 1);
  const drained = listener.drain();
  listener.cut();
  await drained;
  await assertHolds(listener, 0);
});
