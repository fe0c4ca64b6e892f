import { Http2Transport } from "@unblock/http2/client";
import { hasProgram } from "@unblock/test/programs";
import { callGrpc } from "@unblock/test/wire";
import { afterEach, describe, expect, test } from "vitest";
import type { Post } from "../../harness/clients.ts";
import { createPinning, type ServerProcess } from "../../harness/processes.ts";
import type { Resources } from "../../harness/serve.ts";
import { count, echo, mirror, prepareChecked, repeat } from "../calls.ts";
import { type ServerKind, servers, startEchoServer } from "../servers.ts";

let server: ServerProcess | undefined;
afterEach(() => server?.[Symbol.asyncDispose]());

const path = "/echo.v1.EchoService/Echo";
const kinds = Object.keys(servers).filter((kind): kind is ServerKind => kind in servers);
const overHttp1 = ["connect-node 1.1", "fastify"];
const hasGo = hasProgram("go");

/** Returns what is wrong with the response to a call; undefined when nothing is. */
async function problemOf(url: string, post: Post): Promise<string | undefined> {
  const tls = { insecure: true };
  const transport = new Http2Transport({ url: new URL(url), connections: 1, tls });
  try {
    await transport.connect();
    return await new Promise(prepareChecked(transport, post));
  } finally {
    transport.close();
  }
}

describe.for(kinds.filter((kind) => !overHttp1.includes(kind)))("%s", (kind) => {
  test.skipIf(kind === "grpc-go" && !hasGo)(
    "echoes over gRPC, in a process of its own",
    async () => {
      server = await startEchoServer(kind, createPinning());
      expect(await problemOf(server.url, echo("grpc"))).toBeUndefined();
      expect(await server.ask<number>("cpuMs")).toBeGreaterThan(0);
    },
  );
});

const streams = [
  ["repeat", repeat],
  ["count", count],
  ["mirror", mirror],
] as const;
const messages = { bytes: 100, times: 50 };

describe.for(["unblock", "adapter", "grpc-js", "grpc-go"] as const)("%s", (kind) => {
  test.skipIf(kind === "grpc-go" && !hasGo)("serves streams over gRPC", async () => {
    server = await startEchoServer(kind, createPinning());
    for (const [, stream] of streams) {
      expect(await problemOf(server.url, stream("grpc", messages))).toBeUndefined();
    }
  });
});

test.for(["connect", "grpc-web"] as const)(
  "the adapter serves all kinds over %s",
  async (protocol) => {
    server = await startEchoServer("adapter", createPinning());
    for (const post of [
      echo(protocol),
      ...streams.map(([, stream]) => stream(protocol, messages)),
    ]) {
      expect(await problemOf(server.url, post)).toBeUndefined();
    }
  },
);

test("a response that differs from the expected one is a problem", async () => {
  server = await startEchoServer("adapter", createPinning());
  const { url } = server;
  const post = repeat("grpc", messages);
  const other = Buffer.from(post.response.with(200, 1));
  expect(await problemOf(url, { ...post, response: other })).toContain("Repeat");
  expect(await problemOf(url, { ...post, response: post.response.subarray(1) })).toContain(
    "Repeat",
  );
  const unknown = { ...post, path: "/echo.v1.EchoService/Unknown" };
  expect(await problemOf(url, unknown)).toContain("Unknown");
});

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

test("a server reports its CPU time and what it holds", async () => {
  server = await startEchoServer("adapter", createPinning());
  expect(await server.ask<number>("cpuMs")).toBeGreaterThan(0);
  const { heapBytes, externalBytes, residentBytes } = await server.ask<Resources>("resources");
  expect(heapBytes).toBeGreaterThan(1_000_000);
  expect(externalBytes).toBeGreaterThan(0);
  expect(residentBytes).toBeGreaterThan(heapBytes);
});
