import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, test, vi } from "vitest";
import { preface, settingsFrame } from "../../../loadtest/transport/http2/frames.ts";
import { createCertificates } from "../../../testing/certificates.ts";
import { defaultTimeLimits } from "./limits.ts";
import { type Listener, type ListenerConfig, listen } from "./listener.ts";

const waitOptions = { timeout: 20_000, interval: 20 };

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) {
    socket.destroy();
  }
});

/** A server that nobody asks for anything. */
function open(config: Partial<ListenerConfig>): Promise<Listener> {
  const nothing = () => {};
  const adapter = { handleRequest: nothing, handleStream: nothing };
  return listen({ host: "127.0.0.1", port: 0, ...config }, adapter);
}

/** A caller that says something, and then does not even hang up. */
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

test("who has said nothing does not keep it from draining", async () => {
  const listener = await open({});
  const socket = dial(listener, "");
  await assertHolds(listener, 1);
  await listener.drain();
  await vi.waitUntil(() => socket.readableEnded || socket.closed, waitOptions);
  await assertHolds(listener, 0);
});

test("who does not hang up does not keep it from draining", async () => {
  const listener = await open({ timeLimits: { ...defaultTimeLimits, goodbyeMs: 100 } });
  const socket = dial(listener, Buffer.concat([preface, settingsFrame([])]));
  await once(socket, "data");
  const drained = listener.drain();
  await once(socket, "end");
  await drained;
  await assertHolds(listener, 0);
});

test.each([
  ["nothing", ""],
  ["half a greeting", "\x16\x03\x01\x02\x00\x01"],
])("a TLS handshake of which %s has come can be cut", async (_, said) => {
  const { server: tls } = await createCertificates();
  const listener = await open({ tls });
  dial(listener, said);
  await assertHolds(listener, 1);
  const drained = listener.drain();
  listener.cut();
  await drained;
  await assertHolds(listener, 0);
});
