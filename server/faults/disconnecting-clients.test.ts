import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { type ClientHttp2Stream, constants } from "node:http2";
import { connect, type Socket } from "node:net";
import { envelope } from "@unblock/connect/adapter/envelope";
import { endedCalls } from "@unblock/test/metrics-page";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openSession, waitOptions } from "../testing/unended-request.ts";

// A stream whose client disconnects is no failure of the server, and must raise no alert.
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const watch = "/unblock.v1.VitalsService/WatchVitals";
const reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const headers = { "content-type": "application/connect+json" };

const toWatch = envelope(0, Buffer.from('{"interval_ms":100}'));
const toReflect = envelope(0, Buffer.from('{"list_services":""}'));

function open(): Socket {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.on("error", () => {});
  return socket;
}

interface Http2Caller {
  readonly socket: Socket;
  readonly stream: ClientHttp2Stream;
}

function callOverHttp2(path: string): Http2Caller {
  const socket = open();
  const session = openSession(server.url, { createConnection: () => socket });
  const stream = session.request({ ":method": "POST", ":path": path, ...headers });
  stream.on("error", () => {});
  return { socket, stream };
}

async function watchOverHttp2(): Promise<Http2Caller> {
  const caller = callOverHttp2(watch);
  caller.stream.end(toWatch);
  await once(caller.stream, "data");
  return caller;
}

/** Sends one message, and leaves its side open. */
async function reflectOverHttp2(): Promise<Http2Caller> {
  const caller = callOverHttp2(reflection);
  caller.stream.write(toReflect);
  await once(caller.stream, "data");
  return caller;
}

async function watchOverHttp1(): Promise<Socket> {
  const socket = open();
  const call = httpRequest(`${server.url}${watch}`, {
    method: "POST",
    headers,
    createConnection: () => socket,
  });
  call.on("error", () => {});
  call.end(toWatch);
  const [response]: IncomingMessage[] = await once(call, "response");
  response?.on("error", () => {});
  await once(response ?? call, "data");
  return socket;
}

const watched = "WatchVitals canceled";
const reflected = "ServerReflectionInfo canceled";
const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR } = constants;

test.each([
  ["resets its connection", watched, async () => (await watchOverHttp2()).socket.resetAndDestroy()],
  ["ends its connection", watched, async () => (await watchOverHttp2()).socket.destroy()],
  [
    "resets its stream with an error",
    watched,
    async () => (await watchOverHttp2()).stream.close(NGHTTP2_INTERNAL_ERROR),
  ],
  [
    "cancels its stream",
    watched,
    async () => (await watchOverHttp2()).stream.close(NGHTTP2_CANCEL),
  ],
  [
    "resets its connection over HTTP/1.1",
    watched,
    async () => (await watchOverHttp1()).resetAndDestroy(),
  ],
  ["ends its connection over HTTP/1.1", watched, async () => (await watchOverHttp1()).destroy()],
  [
    "resets its connection with an open request",
    reflected,
    async () => (await reflectOverHttp2()).socket.resetAndDestroy(),
  ],
  [
    "resets its stream with an open request",
    reflected,
    async () => (await reflectOverHttp2()).stream.close(NGHTTP2_INTERNAL_ERROR),
  ],
])("reports canceled when a client %s", async (_, counted, disconnect) => {
  const before = await endedCalls(server.url);
  const lines = server.logged.length;
  await disconnect();
  const ended = await vi.waitUntil(async () => {
    const now = await endedCalls(server.url);
    return JSON.stringify(now) === JSON.stringify(before) ? undefined : now;
  }, waitOptions);
  expect(ended).toEqual({ ...before, [counted]: (before[counted] ?? 0) + 1 });
  expect(server.logged.slice(lines)).toEqual([]);
});
