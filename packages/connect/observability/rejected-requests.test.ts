import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http2";
import { connect } from "node:net";
import { codeFromHttpStatus, codeToString } from "@connectrpc/connect/protocol-connect";
import { openSession, waitOptions } from "@unblock/server/testing/unended-request";
import { endedCalls, readMetrics } from "@unblock/test/metrics-page";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { callGrpc, post } from "@unblock/test/wire";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { envelope } from "../adapter/envelope.ts";
import { http2Implementations } from "../listener/listener.ts";

const ping = "VitalsService/Ping";
const watch = "VitalsService/WatchVitals";
const full = (path: string) => `/unblock.v1.${path}`;
const tooLarge = "x".repeat(4 * 1024 * 1024 + 1);
const connectStream = "application/connect+json";

/** Returns the code of a unary response, as Connect's clients read it. */
async function connectCode(reply: Promise<{ status: number; text: string }>): Promise<string> {
  const { status, text } = await reply;
  return status === 200
    ? "ok"
    : text.startsWith("{")
      ? JSON.parse(text).code
      : codeToString(codeFromHttpStatus(status));
}

/** Returns the code in the last envelope of a stream. */
async function streamCode(reply: Promise<{ status: number; text: string }>): Promise<string> {
  const { status, text } = await reply;
  return status === 200
    ? (JSON.parse(text.slice(5)).error?.code ?? "ok")
    : codeToString(codeFromHttpStatus(status));
}

async function grpcCode(reply: ReturnType<typeof callGrpc>): Promise<string> {
  const { grpcStatus = "", status } = await reply;
  return grpcStatus === ""
    ? codeToString(codeFromHttpStatus(status ?? 0))
    : codeToString(Number(grpcStatus));
}

/** Sends an incomplete body over HTTP/2. */
async function unended(url: string, headers: IncomingHttpHeaders): Promise<string> {
  const session = openSession(url);
  const stream = session.request({ ":method": "POST", ":path": full(ping), ...headers });
  stream.on("error", () => {});
  stream.write(envelope(0, new Uint8Array(100)).subarray(0, 50));
  const [trailers]: IncomingHttpHeaders[] = await once(stream, "trailers");
  session.destroy();
  return codeToString(Number(trailers?.["grpc-status"]));
}

/** Disconnects in the middle of a body over HTTP/1.1. */
async function cutOff(url: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(
    `POST ${full(ping)} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
      "content-length: 40\r\n\r\n{",
  );
  await vi.waitUntil(async () => (await inProgress(url)) === 1, waitOptions);
  socket.destroy();
  return "canceled";
}

async function inProgress(url: string): Promise<number | undefined> {
  const families = await readMetrics(url);
  return families.find(({ name }) => name === "rpc_server_in_progress")?.samples[0]?.value;
}

type Send = (url: string) => Promise<string>;

const rejected: [string, string, Send][] = [
  ["JSON that can't be read", "Ping", (url) => connectCode(post(url, ping, "{"))],
  ["an invalid body", "Ping", (url) => grpcCode(callGrpc(url, full(ping), Buffer.from([0xff])))],
  ["a body that is too large", "Ping", (url) => connectCode(post(url, ping, tooLarge))],
  [
    "a gRPC message that is too large",
    "Ping",
    (url) => grpcCode(callGrpc(url, full(ping), Buffer.from(tooLarge))),
  ],
  [
    "an unknown compression",
    "Ping",
    (url) => connectCode(post(url, ping, "{}", { "content-encoding": "snappy" })),
  ],
  [
    "an unknown compression over gRPC",
    "Ping",
    (url) => grpcCode(callGrpc(url, full(ping), new Uint8Array(1), { "grpc-encoding": "snappy" })),
  ],
  [
    "a message without its declared compression",
    "Ping",
    (url) => connectCode(post(url, ping, "{}", { "content-encoding": "gzip" })),
  ],
  [
    "a wrong content type",
    "Ping",
    (url) => connectCode(post(url, ping, "{}", { "content-type": "text/plain" })),
  ],
  [
    "gRPC over HTTP/1.1",
    "Ping",
    (url) => connectCode(post(url, ping, "", { "content-type": "application/grpc" })),
  ],
  [
    "a method that is not allowed",
    "GetVitals",
    async (url) => connectCode(asReply(await fetch(`${url}${full("VitalsService/GetVitals")}`))),
  ],
  [
    "an invalid deadline",
    "Ping",
    (url) => connectCode(post(url, ping, "{}", { "connect-timeout-ms": "soon" })),
  ],
  ["a truncated body", "Ping", cutOff],
  [
    "a stream of a wrong content type",
    "WatchVitals",
    (url) => streamCode(post(url, watch, "{}", { "content-type": "application/json" })),
  ],
  [
    "a stream with an unknown compression",
    "WatchVitals",
    (url) =>
      streamCode(
        post(url, watch, "", { "content-type": connectStream, "connect-content-encoding": "lz4" }),
      ),
  ],
  [
    "a stream with an unreadable message",
    "WatchVitals",
    (url) => streamCode(post(url, watch, "\0\0\0\0\x01{", { "content-type": connectStream })),
  ],
  [
    "a gRPC stream with an unreadable message",
    "WatchVitals",
    (url) => grpcCode(callGrpc(url, full(watch), Buffer.from([0xff]))),
  ],
  [
    "a stream with an invalid message",
    "WatchVitals",
    (url) =>
      streamCode(
        post(url, watch, envelope(0, Buffer.from('{"interval_ms":1}')).toString(), {
          "content-type": connectStream,
        }),
      ),
  ],
  [
    "a deadline that passes while the body is read",
    "Ping",
    (url) =>
      unended(url, { "content-type": "application/grpc", te: "trailers", "grpc-timeout": "50m" }),
  ],
];

async function asReply(response: Response) {
  return { status: response.status, text: await response.text() };
}

describe.each(http2Implementations)("HTTP/2 of %s,", (http2) => {
  let server: TestServer;
  const lines = () => server.logged.map((line) => JSON.parse(line));
  beforeAll(async () => {
    server = await startTestServer({
      http2,
      cpuWorkers: 1,
      blockingThreads: 1,
      processes: 1,
      logLevel: "debug",
    });
  });
  afterAll(() => server.close());

  /** Returns what was counted and logged for requests, after all of them have ended. */
  async function countedDuring(send: () => Promise<string>) {
    const before = await endedCalls(server.url);
    const logged = server.logged.length;
    const seen = await send();
    await vi.waitUntil(async () => (await inProgress(server.url)) === 0, waitOptions);
    const counted = Object.entries(await endedCalls(server.url))
      .map(([call, count]) => [call, count - (before[call] ?? 0)] as const)
      .filter(([, count]) => count !== 0);
    const calls = lines().slice(logged);
    return { seen, counted, logged: calls.filter(({ code }) => code !== undefined) };
  }

  test.each(rejected)(
    "%s is counted and logged once, with the code of the response",
    async (_, rpc, send) => {
      const { seen, counted, logged } = await countedDuring(() => send(server.url));
      expect(seen).not.toBe("ok");
      expect(counted).toEqual([[`${rpc} ${seen}`, 1]]);
      expect(logged).toMatchObject([{ rpc: `unblock.v1.VitalsService/${rpc}`, code: seen }]);
      expect(logged.map(({ level }) => level)).toEqual(["debug"]);
    },
  );

  test("unknown RPCs are counted together", async () => {
    const { counted, logged } = await countedDuring(async () => {
      for (let number = 0; number < 20; number++) {
        await post(server.url, `Service${number}/Nope`, "{}");
        await callGrpc(server.url, `/unblock.v1.Service${number}/Nope`, new Uint8Array(0));
      }
      return "unimplemented";
    });
    expect(counted).toEqual([["unknown unimplemented", 40]]);
    expect(logged).toHaveLength(40);
  });
});
