import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const waitOptions = { timeout: 20_000, interval: 20 };
const hashPath = "/unblock.v1.ExercisesService/ComputeHash";
const longHash = '{"data":"test","rounds":10000000}';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ blockingThreads: 2 });
});
afterAll(() => server.close());

function open(): Socket {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.on("error", () => {});
  return socket;
}

const head = (length: number, ...more: string[]) =>
  [
    `POST ${hashPath} HTTP/1.1`,
    "host: x",
    "content-type: application/json",
    `content-length: ${length}`,
    ...more,
    "\r\n",
  ].join("\r\n");

async function runningWorkers(): Promise<number> {
  return (await server.executor("cpu-pool")).running;
}

test("stops the work of a client that disconnects over HTTP/1.1", async () => {
  const socket = open();
  socket.write(head(longHash.length) + longHash);
  await vi.waitUntil(async () => (await runningWorkers()) === 1, waitOptions);
  socket.destroy();
  await vi.waitUntil(async () => (await runningWorkers()) === 0, waitOptions);
});

test("stops the work of a client that disconnects over HTTP/2", async () => {
  const session = connectHttp2(server.url);
  session.on("error", () => {});
  const stream = session.request({
    ":method": "POST",
    ":path": hashPath,
    "content-type": "application/json",
  });
  stream.on("error", () => {});
  stream.end(longHash);
  await vi.waitUntil(async () => (await runningWorkers()) === 1, waitOptions);
  session.destroy();
  await vi.waitUntil(async () => (await runningWorkers()) === 0, waitOptions);
});

// A TCP server can't distinguish a half-closed connection from a closed one.
test("treats a client that closes its side as disconnected", async () => {
  const { completed } = await server.executor("cpu-pool");
  const socket = open();
  socket.end(head(longHash.length) + longHash);
  await once(socket, "close");
  await vi.waitUntil(async () => (await runningWorkers()) === 0, waitOptions);
  expect((await server.executor("cpu-pool")).completed).toBe(completed);
});

test.each([
  ["half a header", "POST /x HTTP/1.1\r\nhost:"],
  ["only a header", head(10)],
  ["half of the HTTP/2 preface", "PRI * HTTP/2.0\r\n"],
  ["something other than HTTP", "\x16\x03\x01\x00\x05hello"],
])("%s delays nobody, and its client may disconnect", async (_, start) => {
  const socket = open();
  socket.write(start, "latin1");
  expect(await server.call("GetConfig", {})).toMatchObject({ code: "ok" });
  socket.destroy();
  expect(await server.call("GetConfig", {})).toMatchObject({ code: "ok" });
});

test("rejects a header that is too large", async () => {
  const response = await fetch(`${server.url}${hashPath}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-large": "x".repeat(17 * 1024) },
    body: "{}",
  });
  expect(response.status).toBe(431);
});
