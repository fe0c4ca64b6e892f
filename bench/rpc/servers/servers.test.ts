import { callGrpc } from "@unblock/test/wire";
import { afterEach, expect, test } from "vitest";
import { createPinning, type ServerProcess } from "../../harness/processes.ts";
import { type ServerKind, servers, startEchoServer } from "../servers.ts";

let server: ServerProcess | undefined;
afterEach(() => server?.[Symbol.asyncDispose]());

const path = "/echo.v1.EchoService/Echo";
const kinds = Object.keys(servers).filter((kind): kind is ServerKind => kind in servers);
const overHttp1 = ["connect-node 1.1", "fastify"];
/** text: "abc", number: 1 */
const message = Buffer.from("\x0a\x03abc\x10\x01", "latin1");

test.each(kinds.filter((kind) => !overHttp1.includes(kind)))(
  "%s echoes over gRPC, in a process of its own",
  async (kind) => {
    server = await startEchoServer(kind, createPinning());
    const reply = await callGrpc(server.url, path, message);
    expect(reply).toMatchObject({ status: 200, grpcStatus: "0" });
    expect(reply.body.subarray(5)).toEqual(message);
  },
);

test.each(
  ["unblock", "adapter", ...overHttp1].filter((kind): kind is ServerKind => kind in servers),
)("%s echoes JSON over HTTP/1.1", async (kind) => {
  server = await startEchoServer(kind, createPinning());
  const response = await fetch(`${server.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"text":"abc","number":1}',
  });
  expect(await response.json()).toEqual({ text: "abc", number: 1 });
});

test("the server with our interceptors rejects an invalid request", async () => {
  server = await startEchoServer("unblock", createPinning());
  expect((await callGrpc(server.url, path, Buffer.alloc(0))).grpcStatus).toBe("3");
});

test("a server reports its CPU time and its heap", async () => {
  server = await startEchoServer("adapter", createPinning());
  expect(await server.ask<number>("cpuMs")).toBeGreaterThan(0);
  expect(await server.ask<number>("heapBytes")).toBeGreaterThan(1_000_000);
});
