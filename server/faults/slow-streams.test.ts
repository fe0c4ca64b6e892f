import { constants } from "node:http2";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { http2Implementations } from "@unblock/connect/listener/listener";
import { ServerReflection } from "@unblock/proto/gen/grpc/reflection/v1/reflection_pb";
import { describe, expect, test, vi } from "vitest";
import { type ImpatientServer, impatientServers } from "../testing/impatient-server.ts";
import {
  assertServes,
  grpc,
  hashPath,
  json,
  openSession,
  UnendedRequest,
  waitOptions,
  watchPath,
} from "../testing/unended-request.ts";

const requestMs = 200;
const timeLimits = { headerMs: requestMs, requestMs };
const reflectionPath = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const zipped = { ...grpc, "grpc-encoding": "zip" };
const grpcWeb = { "content-type": "application/grpc-web+proto" };

const start = impatientServers();

async function assertHoldsNoStream(server: ImpatientServer): Promise<void> {
  await vi.waitUntil(() => server.holds().streams === 0, waitOptions);
}

const inConnect = {
  fields: { ":status": 504 },
  body: expect.stringContaining('"code":"deadline_exceeded"'),
};
const inGrpc = { fields: { ":status": 200, "grpc-status": "4" }, body: "" };
const inGrpcWeb = {
  fields: { ":status": 200 },
  body: expect.stringContaining("grpc-status: 4\r\n"),
};

describe.each(http2Implementations)("HTTP/2 of %s,", (http2) => {
  test.each([
    ["a Connect header", hashPath, json, inConnect],
    ["a gRPC header", hashPath, grpc, inGrpc],
    ["a gRPC-Web header", hashPath, grpcWeb, inGrpcWeb],
    ["the header of a server stream", watchPath, grpc, inGrpc],
  ])("ends a call of which only %s arrives", async (_, path, headers, answer) => {
    const server = await start({ timeLimits, http2 });
    const session = openSession(server.url);
    const request = new UnendedRequest(session, path, headers);
    await assertServes(session);
    await request.responded;
    await assertServes(session);
    // The stream closes with the response, not some time after it.
    expect(request.stream.destroyed).toBe(true);
    await request.assertClosed();
    expect(request).toMatchObject(answer);
    await assertHoldsNoStream(server);
  });

  test.each([
    ["Connect", hashPath, json, inConnect],
    ["gRPC", hashPath, grpc, inGrpc],
    ["a server stream", watchPath, grpc, inGrpc],
  ])("ends a call of which %s arrives byte by byte", async (_, path, headers, answer) => {
    const server = await start({ timeLimits, http2 });
    const session = openSession(server.url);
    const request = new UnendedRequest(session, path, headers);
    // Flags and length of a message of 100 bytes, for protocols with envelopes.
    request.stream.write(Buffer.from([0, 0, 0, 0, 100]));
    request.drip();
    await request.assertClosed();
    expect(request).toMatchObject(answer);
    expect(request.dripped).toBeGreaterThan(0);
    await assertHoldsNoStream(server);
    await assertServes(session);
  });

  test.each([
    ["an unknown RPC", "/nowhere", json, { ":status": 404 }],
    [
      "a message that is too large",
      hashPath,
      { ...json, "content-length": String(8 * 1024 * 1024) },
      { ":status": 429 },
    ],
    ["an unreadable message", hashPath, zipped, { ":status": 200, "grpc-status": "12" }],
    ["a stream of unreadable messages", reflectionPath, zipped, { "grpc-status": "12" }],
  ])(
    "closes the stream of %s without an end after the response",
    async (_, path, headers, fields) => {
      const server = await start({ timeLimits, http2 });
      const session = openSession(server.url);
      const request = new UnendedRequest(session, path, headers).drip();
      await request.assertClosed();
      expect(request).toMatchObject({ fields });
      await assertHoldsNoStream(server);
      await assertServes(session);
    },
  );

  test("does not limit the time until the response of a complete request", async () => {
    const server = await start({ timeLimits, http2 });
    const session = openSession(server.url);
    const long = new UnendedRequest(session, hashPath, json);
    long.stream.end('{"data":"test","rounds":10000000}');
    for (const path of [hashPath, watchPath]) {
      await new UnendedRequest(session, path, grpc).assertClosed();
    }
    await assertServes(session);
    expect(long.stream.closed).toBe(false);
    long.stream.close(constants.NGHTTP2_CANCEL);
    await assertHoldsNoStream(server);
  });

  test("does not limit the time of a stream of messages", async () => {
    const server = await start({ timeLimits, http2 });
    const transport = createGrpcTransport({ baseUrl: server.url, idleConnectionTimeoutMs: 100 });
    const { promise: silence, resolve: speak } = Promise.withResolvers<void>();
    const questions = async function* () {
      await silence;
      yield { messageRequest: { case: "listServices", value: "" } } as const;
    };
    const answers = Array.fromAsync(
      createClient(ServerReflection, transport).serverReflectionInfo(questions()),
    );
    await vi.waitUntil(() => server.holds().streams === 1, waitOptions);
    // Two later requests are ended before this one sends anything.
    for (const path of [hashPath, watchPath]) {
      await new UnendedRequest(openSession(server.url), path, grpc).assertClosed();
    }
    speak();
    expect(await answers).toMatchObject([{ messageResponse: { case: "listServicesResponse" } }]);
  });
});

test("node:http2 reads a rejected request to its end", async () => {
  const generous = { requestMs: 2_000, headerMs: 2_000 };
  const server = await start({ timeLimits: generous, http2: "node" });
  const session = openSession(server.url);
  const request = new UnendedRequest(session, hashPath, zipped);
  await request.responded;
  await new UnendedRequest(session, hashPath, grpc).responded;
  // More than the server's window, so that the end can be sent only if the server reads. That takes a
  // few turns of the event loop, and no time.
  request.stream.end(Buffer.alloc(70_000));
  for (let turn = 0; turn < 20 && !request.stream.destroyed; turn++) {
    await assertServes(session);
  }
  expect(request.stream.destroyed).toBe(true);
  await assertHoldsNoStream(server);
});

test("closes the stream of an incomplete request after the response at its deadline", async () => {
  const server = await start({ timeLimits });
  const headers = { ...grpc, "grpc-timeout": "1m" };
  const request = new UnendedRequest(openSession(server.url), hashPath, headers);
  await request.assertClosed();
  const fields = {
    "grpc-status": "4",
    "grpc-message": encodeURIComponent("the operation timed out"),
  };
  expect(request).toMatchObject({ fields });
  await assertHoldsNoStream(server);
});

test.each([
  ["unblock", "a call", hashPath],
  ["node", "a call", hashPath],
  ["unblock", "an unknown RPC", "/nowhere"],
] as const)(
  "HTTP/2 of %s, closes the stream of a client that neither ends %s nor takes the response",
  async (...args) => {
    const [http2, , path] = args;
    const server = await start({ timeLimits, http2 });
    const session = openSession(server.url, { settings: { initialWindowSize: 0 } });
    const request = new UnendedRequest(session, path, json);
    await vi.waitUntil(() => request.stream.destroyed, waitOptions);
    expect(request.stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
    expect(request.body).toBe("");
    await assertHoldsNoStream(server);
  },
);
