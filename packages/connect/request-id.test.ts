import { once } from "node:events";
import { connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { http2Implementations } from "./listener/listener.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const exercises = "/unblock.v1.ExercisesService";

interface Sent {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

type Send = (url: string, sent: Sent) => Promise<string | null>;

const overHttp1: Send = async (url, { path, method = "POST", headers = {}, body }) => {
  const response = await fetch(`${url}${path}`, { method, headers, ...(body && { body }) });
  await response.arrayBuffer();
  return response.headers.get("x-request-id");
};

const overHttp2: Send = async (url, { path, method = "POST", headers = {}, body }) => {
  const session = connect(url);
  try {
    const fields: OutgoingHttpHeaders = { ":path": path, ":method": method, ...headers };
    const stream = session.request(fields);
    stream.end(body);
    const [response]: IncomingHttpHeaders[] = await once(stream, "response");
    return response?.["x-request-id"]?.toString() ?? null;
  } finally {
    session.destroy();
  }
};

const json = { "content-type": "application/json" };
const grpcWeb = { "content-type": "application/grpc-web+proto" };
const responses: [string, Sent][] = [
  ["of a call", { path: `${exercises}/GetUser`, headers: json, body: '{"user_id":1}' }],
  ["of a call that fails", { path: `${exercises}/GetUser`, headers: json, body: '{"user_id":0}' }],
  ["of a message that is not JSON", { path: `${exercises}/GetUser`, headers: json, body: "{" }],
  ["of gRPC-Web", { path: `${exercises}/GetConfig`, headers: grpcWeb, body: new Uint8Array(5) }],
  [
    "of a GET",
    { path: `${exercises}/GetConfig?encoding=json&message=%7B%7D&connect=v1`, method: "GET" },
  ],
  ["of an unknown content type", { path: `${exercises}/GetUser`, headers: {}, body: "a" }],
  [
    "of a stream that fails",
    {
      path: "/unblock.v1.VitalsService/WatchVitals",
      headers: { "content-type": "application/connect+json" },
      body: '\0\0\0\0\u0011{"interval_ms":1}',
    },
  ],
  ["of an unknown RPC", { path: `${exercises}/Nothing`, headers: json, body: "{}" }],
  ["of the metrics", { path: "/metrics", method: "GET" }],
  ["of the page", { path: "/", method: "GET" }],
];

describe.each(http2Implementations)("HTTP/2 of %s", (http2) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ http2 });
  });
  afterAll(() => server.close());

  describe.each([
    ["HTTP/1.1", overHttp1],
    ["HTTP/2", overHttp2],
  ])("over %s", (__, send) => {
    test.each(responses)(
      "the response %s has the request's id, or a new one",
      async (...[, sent]) => {
        const headers = { ...sent.headers, "x-request-id": "Order_12.a-b" };
        expect(await send(server.url, { ...sent, headers })).toBe("Order_12.a-b");
        expect(await send(server.url, sent)).toMatch(uuid);
      },
    );

    test.each(["", "x".repeat(129), "a b", "<script>", "a,b"])("replaces the id %j", async (id) => {
      const headers = { ...json, "x-request-id": id };
      const sent = { path: `${exercises}/GetConfig`, headers, body: "{}" };
      expect(await send(server.url, sent)).toMatch(uuid);
    });
  });
});

test("gRPC responses have it with and without trailers", async () => {
  const server = await startTestServer();
  const headers = { "content-type": "application/grpc", te: "trailers", "x-request-id": "abc" };
  for (const message of [new Uint8Array(5), new Uint8Array([0, 0, 0, 0, 1, 255])]) {
    const sent = { path: `${exercises}/GetConfig`, headers, body: message };
    expect(await overHttp2(server.url, sent)).toBe("abc");
  }
  await server.close();
});
