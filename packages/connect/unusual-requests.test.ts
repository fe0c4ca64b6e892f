import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

// Requests to which Connect's own handlers would not respond.
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const watchPath = "/unblock.v1.VitalsService/WatchVitals";

test.each(["[", "a b", "a:99999"])("responds to a host that makes no URL: %j", async (host) => {
  const call = httpRequest(`${server.url}${watchPath}`, {
    method: "POST",
    headers: { host, "content-type": "application/connect+json" },
  });
  call.end();
  const [response]: IncomingMessage[] = await once(call, "response");
  expect(response?.statusCode).toBe(400);
  response?.resume();
});

test("accepts a content type with capitals", async () => {
  const response = await fetch(`${server.url}/unblock.v1.ExercisesService/GetUser`, {
    method: "POST",
    headers: { "content-type": "Application/Proto" },
    body: new Uint8Array([0x0a, 0xff]),
  });
  expect(await response.json()).toMatchObject({ code: "invalid_argument" });
});

test.each([watchPath, "/unblock.v1.VitalsService/Ping"])(
  "rejects gRPC over HTTP/1.1 with 505: %s",
  async (path) => {
    const response = await fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/grpc+proto" },
      body: new Uint8Array(5),
    });
    expect(response.status).toBe(505);
  },
);

test("accepts a GET with a content type", async () => {
  const query = "?encoding=proto&base64=1&message=!!";
  const response = await fetch(`${server.url}/unblock.v1.ExercisesService/GetWeather${query}`, {
    headers: { "content-type": "application/proto" },
  });
  expect(await response.json()).toMatchObject({ code: "invalid_argument" });
});

test("closes a stream that its handler ends early, with unread data", async () => {
  const session = connectHttp2(server.url);
  const stream = session.request({
    ":method": "POST",
    ":path": "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "content-type": "application/grpc",
    te: "trailers",
  });
  const bytes = 1024 * 1024;
  // The name is too long, so the first message ends the stream.
  const message = Buffer.alloc(5 + bytes, "x");
  message.writeUInt8(0, 0);
  message.writeUInt32BE(bytes, 1);
  const field = Buffer.from([0x1a, 0, 0, 0]);
  const length = bytes - field.length;
  field.set([(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14], 1);
  message.set(field, 5);
  stream.write(message);
  stream.end(message);
  stream.resume();
  await vi.waitUntil(() => stream.closed, { timeout: 20_000 });
  session.destroy();
});

test("accepts a stream deadline longer than the maximum of a timer", async () => {
  const session = connectHttp2(server.url);
  const stream = session.request({
    ":method": "POST",
    ":path": watchPath,
    "content-type": "application/grpc",
    "grpc-timeout": "99999999H",
    te: "trailers",
  });
  // interval_ms: 100
  stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, 100]));
  await once(stream, "data");
  expect(stream.closed).toBe(false);
  session.destroy();
});
