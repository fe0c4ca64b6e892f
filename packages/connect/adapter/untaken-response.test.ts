import { once } from "node:events";
import { createServer as createHttp1Server } from "node:http";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { type EchoRequest, EchoService } from "@unblock/proto/gen/echo/v1/echo_pb";
import { listen } from "@unblock/test/listen";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  type Http2Implementation,
  http2Implementations,
  listen as listenOn,
} from "../listener/listener.ts";
import { createAdapter } from "./adapter.ts";

const requestTimeoutMs = 200;
const waitOptions = { timeout: 20_000, interval: 20 };
const path = "/echo.v1.EchoService/Echo";
const json = { "content-type": "application/json" };
/** More than the system buffers for a client that does not read. */
const largeBytes = 16 * 1024 * 1024;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) {
    await close();
  }
});

const openAdapter = (timeoutMs = requestTimeoutMs) =>
  createAdapter({
    routes: (router) =>
      router.service(EchoService, { echo: ({ text }: EchoRequest) => ({ text }) }),
    requestTimeoutMs: timeoutMs,
  });

async function serveHttp2(http2: Http2Implementation, timeoutMs?: number): Promise<string> {
  const listener = await listenOn({ host: "127.0.0.1", port: 0, http2 }, openAdapter(timeoutMs));
  closers.push(async () => {
    listener.cut();
    await listener.drain();
  });
  return `http://127.0.0.1:${listener.port}`;
}

function openSession(url: string, initialWindowSize?: number): ClientHttp2Session {
  const session = connect(
    url,
    initialWindowSize === undefined ? {} : { settings: { initialWindowSize } },
  );
  session.on("error", () => {});
  closers.push(() => session.destroy());
  return session;
}

/** Echoes a text over HTTP/2. */
function echo(session: ClientHttp2Session, text: string) {
  const stream = session.request({ ":method": "POST", ":path": path, ...json });
  stream.on("error", () => {});
  stream.end(JSON.stringify({ text }));
  return stream;
}

async function assertEchoes(session: ClientHttp2Session): Promise<void> {
  const body = Buffer.concat(await Array.fromAsync(echo(session, "hello")));
  expect(JSON.parse(body.toString())).toEqual({ text: "hello" });
}

describe.each(http2Implementations)("HTTP/2 of %s", (http2) => {
  test("closes the stream of a client without an HTTP/2 window for the response, and serves others", async () => {
    const url = await serveHttp2(http2);
    const stream = echo(openSession(url, 0), "hello");
    const [header] = await once(stream, "response");
    expect(header).toMatchObject({ ":status": 200 });
    let received = 0;
    stream.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    await vi.waitUntil(() => stream.destroyed, waitOptions);
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
    expect(received).toBe(0);
    await assertEchoes(openSession(url));
  });

  test("delivers a response that is read in parts, with other calls between them", async () => {
    // Longer than the parts take on a busy machine.
    const url = await serveHttp2(http2, 20_000);
    const session = openSession(url);
    const stream = echo(session, "x".repeat(200_000));
    let received = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      received += chunk.length;
      await assertEchoes(session);
    }
    expect(received).toBeGreaterThan(200_000);
  });
});

test("closes the connection of a client that does not read its HTTP/1.1 response, and serves others", async () => {
  const server = createHttp1Server(openAdapter().handleRequest);
  const endpoint = await listen(server);
  closers.push(endpoint.close);
  const accepted = once(server, "connection");
  const socket = connectTcp(endpoint.port, "127.0.0.1");
  socket.on("error", () => {});
  closers.push(() => socket.destroy());
  const body = JSON.stringify({ text: "x".repeat(largeBytes) });
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n` +
      `content-length: ${body.length}\r\n\r\n${body}`,
  );
  const [served] = (await accepted) as [Socket];
  await vi.waitUntil(() => served.destroyed, waitOptions);
  expect(served.bytesRead).toBeGreaterThan(largeBytes);
  const answer = await fetch(`${endpoint.url}${path}`, {
    method: "POST",
    headers: json,
    body: '{"text":"hello"}',
  });
  expect(await answer.json()).toEqual({ text: "hello" });
});
