import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { headersFrames, preface, settingsFrame, windowUpdateFrame } from "@unblock/http2/frames";
import { HpackEncoder } from "@unblock/http2/hpack-encoder";
import { createCertificates } from "@unblock/test/certificates";
import { type RunningCommand, startCommand } from "@unblock/test/cli";
import { afterEach, expect, test, vi } from "vitest";
import { impatientServers } from "../testing/impatient-server.ts";
import {
  assertServes,
  grpc,
  openSession,
  UnendedRequest,
  waitOptions,
  watchPath,
} from "../testing/unended-request.ts";

const peerPath = fileURLToPath(new URL(import.meta.resolve("@unblock/test/silent-peer")));
const connectionLimits = { keepaliveIntervalMs: 1_000, keepaliveTimeoutMs: 1_000 };

const start = impatientServers();

let peer: RunningCommand | undefined;
afterEach(() => peer?.child.kill("SIGKILL"));

test.each(["cleartext", "TLS"])(
  "cancels the calls of a client that hangs, and closes its connections: %s",
  async (wire) => {
    const { server: tls, ca } = await createCertificates();
    const server = await start({ connectionLimits, ...(wire === "TLS" ? { tls } : {}) });
    // The system of a hanging process responds to TCP probes, so only HTTP/2 PINGs detect it.
    const args = [server.url, "5", ...(wire === "TLS" ? [ca.cert] : [])];
    const started = startCommand(process.execPath, [peerPath, ...args]);
    peer = started;
    await vi.waitUntil(() => started.stdout() === "open\n", waitOptions);
    const { cpuPool } = server.executors;
    await vi.waitUntil(() => cpuPool.vitals().running === 1, waitOptions);
    const overHttp1 = wire === "TLS" ? 0 : 1;
    expect(server.holds()).toEqual({ connections: 5 + overHttp1, streams: 6 });

    started.child.kill("SIGSTOP");
    await vi.waitUntil(() => server.holds().connections === overHttp1, waitOptions);
    await vi.waitUntil(() => server.holds().streams === 0, waitOptions);
    await vi.waitUntil(() => cpuPool.vitals().running === 0, waitOptions);
    if (wire === "cleartext") {
      await assertServes(openSession(server.url));
    }
  },
);

test("keeps the silent stream of a peer that acknowledges PINGs", async () => {
  const server = await start({ connectionLimits });
  const session = openSession(server.url);
  const watch = new UnendedRequest(session, watchPath, grpc);
  watch.stream.end(Buffer.alloc(5));
  let pings = 0;
  session.on("ping", () => pings++);
  await vi.waitUntil(() => pings === 4, waitOptions);
  expect(watch.stream.closed).toBe(false);
  await assertServes(session);
});

test("keeps a peer that acknowledges no PING while it sends anything else", async () => {
  const server = await start({ connectionLimits });
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  const block = new HpackEncoder().encode([
    [":method", "POST"],
    [":scheme", "http"],
    [":authority", "x"],
    [":path", watchPath],
    ["content-type", "application/grpc"],
  ]);
  socket.write(Buffer.concat([preface, settingsFrame([]), headersFrames(1, block, false)]));
  let sent = 0;
  const timer = setInterval(() => {
    socket.write(windowUpdateFrame(0, 1));
    sent++;
  }, 100);
  // Twice as long as a silent peer is kept.
  await vi.waitUntil(() => sent === 40, waitOptions);
  expect(server.holds()).toEqual({ connections: 1, streams: 1 });
  clearInterval(timer);
  await vi.waitUntil(() => server.holds().connections === 0, waitOptions);
  expect(server.holds().streams).toBe(0);
});
