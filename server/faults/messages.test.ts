import { gzipSync } from "node:zlib";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ blockingThreads: 2 });
});
afterAll(() => server.close());

const path = "/unblock.v1.ExercisesService/GetWeather";
const mebibyte = 1024 * 1024;
/** city: "london" */
const london = Buffer.from("\x0a\x06london", "latin1");
const bomb = gzipSync(Buffer.alloc(8 * mebibyte));

function envelope(message: Uint8Array, flags = 0, length = message.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

/** POSTs over HTTP/1.1, and returns the code in the protocol of the request. */
async function codeOf(headers: Record<string, string>, body: Buffer): Promise<string> {
  const response = await fetch(`${server.url}${path}`, {
    method: "POST",
    headers,
    body: new Uint8Array(body),
  });
  const text = await response.text();
  if (!headers["content-type"]?.startsWith("application/grpc")) {
    return response.status === 200 ? "ok" : JSON.parse(text).code;
  }
  return /grpc-status: (\d+)/.exec(text)?.[1] ?? `HTTP ${response.status}`;
}

async function assertServes(): Promise<void> {
  expect(await server.call("GetConfig", {})).toMatchObject({ code: "ok" });
}

describe("gRPC-Web", () => {
  const type = { "content-type": "application/grpc-web+proto" };
  const gzip = { ...type, "grpc-encoding": "gzip" };
  test.each<[string, Record<string, string>, Buffer, string]>([
    ["no message", type, Buffer.alloc(0), "12"],
    ["two messages", type, Buffer.concat([envelope(london), envelope(london)]), "12"],
    ["half a prefix", type, Buffer.alloc(3), "3"],
    ["half a message", type, envelope(london, 0, 100), "3"],
    ["a length of four gigabytes", type, envelope(london, 0, 2 ** 32 - 1), "8"],
    ["an invalid message", type, envelope(Buffer.from([0x0a, 0xff])), "3"],
    ["a wrong wire type", type, envelope(Buffer.from([0x0f, 0x01])), "3"],
    // "internal", as gRPC's specification requires.
    ["an undeclared compression", type, envelope(gzipSync(london), 1), "13"],
    ["garbage instead of gzip", gzip, envelope(london, 1), "3"],
    ["a gzip bomb", gzip, envelope(bomb, 1), "8"],
    ["an unknown compression", { ...type, "grpc-encoding": "zip" }, envelope(london), "12"],
    ["an invalid timeout", { ...type, "grpc-timeout": "soon" }, envelope(london), "3"],
  ])("rejects %s", async (_, headers, body, code) => {
    expect(await codeOf(headers, body)).toBe(code);
    await assertServes();
  });
});

describe("Connect", () => {
  const json = { "content-type": "application/json" };
  const proto = { "content-type": "application/proto" };
  test.each<[string, Record<string, string>, Buffer, string]>([
    ["an invalid message", proto, Buffer.from([0x0a, 0xff]), "invalid_argument"],
    ["truncated JSON", json, Buffer.from('{"city":"lon'), "invalid_argument"],
    ["half a character", json, Buffer.from('{"city":"\\ud800"}'), "invalid_argument"],
    [
      "garbage instead of gzip",
      { ...json, "content-encoding": "gzip" },
      london,
      "invalid_argument",
    ],
    ["a gzip bomb", { ...json, "content-encoding": "gzip" }, bomb, "resource_exhausted"],
    ["an unknown compression", { ...json, "content-encoding": "zip" }, london, "unimplemented"],
    ["an invalid timeout", { ...json, "connect-timeout-ms": "soon" }, london, "invalid_argument"],
  ])("rejects %s", async (_, headers, body, code) => {
    expect(await codeOf(headers, body)).toBe(code);
    await assertServes();
  });

  test.each([
    "text/plain",
    "application/xml",
    "application/grpc+thrift",
    "application/json; charset=latin1",
  ])("is 415 for the content type %s", async (type) => {
    const response = await fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { "content-type": type },
      body: "{}",
    });
    expect(response.status).toBe(415);
  });

  test.each([
    "message=%7B&encoding=json",
    "message=!!&base64=1&encoding=proto",
    "encoding=proto&message=%0f",
  ])("rejects an invalid message of a GET: %s", async (query) => {
    const response = await fetch(`${server.url}${path}?${query}`);
    expect(await response.json()).toMatchObject({ code: "invalid_argument" });
  });
});
