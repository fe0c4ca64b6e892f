import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { frame, frameType, preface, settingsFrame } from "@unblock/http2/frames";
import { HpackEncoder } from "@unblock/http2/hpack-encoder";
import { HealthCheckResponse_ServingStatus as Status } from "@unblock/proto/gen/health/v1/health_pb";
import { createCertificates } from "@unblock/test/certificates";
import { expect, test, vi } from "vitest";
import { type ImpatientServer, impatientServers } from "../testing/impatient-server.ts";
import {
  assertServes,
  dripMs,
  grpc,
  hashPath,
  openSession,
  pingPath,
  UnendedRequest,
  waitOptions,
  watchPath,
} from "../testing/unended-request.ts";

const idleMs = 500;

const start = impatientServers();

async function assertHoldsNothing(server: ImpatientServer): Promise<void> {
  await vi.waitUntil(() => {
    const { connections, streams } = server.holds();
    return connections === 0 && streams === 0;
  }, waitOptions);
}

function dial({ port }: ImpatientServer, allowHalfOpen = false): Socket {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen });
  socket.on("error", () => {});
  return socket;
}

test("closes an idle keep-alive connection", async () => {
  const server = await start({ timeLimits: { idleMs: 1_000 } });
  const socket = dial(server);
  let received = "";
  socket.on("data", (data) => {
    received += data.toString();
  });
  const type = "content-type: application/json";
  socket.write(`POST ${pingPath} HTTP/1.1\r\nhost: x\r\n${type}\r\ncontent-length: 2\r\n\r\n{}`);
  await once(socket, "close");
  expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n(.+\r\n)+\r\n\{\}$/);
  expect(received).toContain("\r\nKeep-Alive: timeout=1\r\n");
  await assertHoldsNothing(server);
});

test("closes an idle HTTP/2 connection after a GOAWAY", async () => {
  const server = await start({ timeLimits: { idleMs } });
  const session = openSession(server.url);
  const codes: number[] = [];
  session.on("goaway", (code) => codes.push(code));
  await assertServes(session);
  await vi.waitUntil(() => session.destroyed, waitOptions);
  expect(codes[0]).toBe(0);
  await assertHoldsNothing(server);
});

const greeting = Buffer.concat([preface, settingsFrame([])]);
const pings = Buffer.concat(Array(1_000).fill(frame(frameType.ping, 0, 0, Buffer.alloc(8))));
// All fields are valid, and the header block has no end.
const headerStart = frame(
  frameType.headers,
  0,
  1,
  new HpackEncoder().encode([
    [":method", "POST"],
    [":scheme", "http"],
    [":authority", "x"],
    [":path", hashPath],
    ...Array.from({ length: 50 }, (_, index): [string, string] => [
      `field-${index}`,
      "x".repeat(50),
    ]),
  ]),
);

test.each([
  ["is silent after the preface", Buffer.alloc(0), 1],
  ["only sends PINGs", pings, pings.length / 1_000],
  ["drips a header", headerStart, 1],
  ["sends half a header", headerStart, headerStart.length],
])("destroys the HTTP/2 connection of a client that %s", async (_, bytes, pieceBytes) => {
  const server = await start({ timeLimits: { idleMs, goodbyeMs: idleMs } });
  const socket = dial(server, true);
  socket.resume();
  socket.write(greeting);
  let at = 0;
  const timer = setInterval(() => {
    socket.write(bytes.subarray(at, at + pieceBytes));
    at += pieceBytes;
  }, dripMs);
  await vi.waitUntil(() => server.holds().connections === 1, waitOptions);
  await assertHoldsNothing(server);
  clearInterval(timer);
  socket.destroy();
  await assertServes(openSession(server.url));
});

test("destroys a closed connection whose client does not close its side", async () => {
  const server = await start({ timeLimits: { idleMs, goodbyeMs: idleMs } });
  const socket = dial(server, true);
  socket.write(greeting);
  socket.resume();
  await once(socket, "end");
  await assertHoldsNothing(server);
  socket.destroy();
});

test("destroys a closed TLS connection whose client does not close its side", async () => {
  const { server: tls, ca } = await createCertificates();
  const server = await start({ timeLimits: { idleMs, goodbyeMs: idleMs }, tls });
  const address = { port: server.port, host: "127.0.0.1", allowHalfOpen: true };
  const socket = connectTls({ ...address, ca: ca.cert, ALPNProtocols: ["h2"] });
  socket.on("error", () => {});
  socket.write(greeting);
  socket.resume();
  await once(socket, "end");
  await assertHoldsNothing(server);
  socket.destroy();
});

test("closes a connection whose only call never ends", async () => {
  const requestMs = 2 * idleMs;
  const server = await start({ timeLimits: { idleMs, headerMs: requestMs, requestMs } });
  const request = new UnendedRequest(openSession(server.url), hashPath, grpc);
  await request.assertClosed();
  expect(request.fields).toMatchObject({ "grpc-status": "4" });
  await assertHoldsNothing(server);
});

test("keeps a silent stream, and its connection", async () => {
  const server = await start({ timeLimits: { idleMs } });
  const session = openSession(server.url);
  const watch = new UnendedRequest(session, watchPath, grpc);
  // A message without a field.
  watch.stream.end(Buffer.alloc(5));
  const idle = openSession(server.url);
  await vi.waitUntil(() => idle.destroyed, waitOptions);
  expect(watch.stream.closed).toBe(false);
  await assertServes(session);

  server.health.stop();
  await watch.assertClosed();
  const response = (status: Status) => `\0\0\0\0\x02\x08${String.fromCharCode(status)}`;
  expect(watch.body).toBe(response(Status.SERVING) + response(Status.NOT_SERVING));
  expect(watch.fields).toMatchObject({ "grpc-status": "0" });
  await assertHoldsNothing(server);
});
