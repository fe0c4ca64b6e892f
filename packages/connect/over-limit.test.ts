import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { post } from "@unblock/test/wire";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

const mebibyte = 1024 * 1024;
const hashPath = "/unblock.v1.ExercisesService/ComputeHash";
const tooLarge = (mebibytes: number) =>
  JSON.stringify({ data: "x".repeat(mebibytes * mebibyte), rounds: 1 });

describe("a message over the 256 KiB of ComputeHash", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  test.each([1, 5, 8])("of %i MiB is rejected over HTTP/1.1", async (mebibytes) => {
    const body = tooLarge(mebibytes);
    const { status, text } = await post(server.url, hashPath, body);
    expect(status).toBe(429);
    expect(JSON.parse(text)).toMatchObject({ code: "resource_exhausted" });
  });

  test.each([1, 5, 8])(
    "of %i MiB is rejected over HTTP/2, and the connection stays open",
    async (mebibytes) => {
      const request = { data: "x".repeat(mebibytes * mebibyte), rounds: 1 };
      expect(await server.call("ComputeHash", request)).toMatchObject({
        code: "resource_exhausted",
      });
      expect(await server.call("GetUser", { user_id: 1 })).toMatchObject({ code: "ok" });
    },
  );

  test.each(["content-length", "transfer-encoding"])(
    "is rejected over HTTP/1.1 with %s, and the connection stays open",
    async (framing) => {
      const body = tooLarge(5);
      const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
      let received = "";
      socket.on("data", (data) => {
        received += data.toString("latin1");
      });
      const statuses = () => received.match(/HTTP\/1\.1 \d+/g) ?? [];
      const head = (path: string) =>
        `POST ${path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n`;
      socket.write(
        framing === "content-length"
          ? `${head(hashPath)}content-length: ${body.length}\r\n\r\n${body}`
          : `${head(hashPath)}transfer-encoding: chunked\r\n\r\n` +
              `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
      );
      await vi.waitUntil(() => statuses().length === 1, 20_000);
      const ping = "/unblock.v1.VitalsService/Ping";
      socket.write(`${head(ping)}content-length: 2\r\n\r\n{}`);
      await vi.waitUntil(() => statuses().length === 2, 20_000);
      expect(statuses()).toEqual(["HTTP/1.1 429", "HTTP/1.1 200"]);
      socket.destroy();
    },
  );

  test("over 64 KiB is rejected by other RPCs", async () => {
    const body = JSON.stringify({ city: "x".repeat(64 * 1024) });
    const { text } = await post(server.url, "ExercisesService/GetWeather", body);
    expect(JSON.parse(text)).toMatchObject({ code: "resource_exhausted" });
  });

  test("is rejected after the five bytes that announce four gigabytes", async () => {
    const session = connectHttp2(server.url);
    const stream = session.request({
      ":method": "POST",
      ":path": hashPath,
      "content-type": "application/grpc+proto",
      te: "trailers",
    });
    stream.write(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
    stream.resume();
    const [trailers] = await once(stream, "trailers");
    expect(trailers).toMatchObject({
      "grpc-status": "8",
    });
    session.destroy();
  });

  // Otherwise the client buffers what it can't send, until its own memory limit ends every other
  // call of the connection.
  test("is cut off over HTTP/2 when it does not end", async () => {
    const session = connectHttp2(server.url, { maxSessionMemory: 100 });
    try {
      const stream = session.request({
        ":method": "POST",
        ":path": hashPath,
        "content-type": "application/json",
      });
      stream.on("error", () => {});
      stream.resume();
      stream.end(tooLarge(30));
      await vi.waitUntil(() => stream.closed, 20_000);
    } finally {
      session.destroy();
    }
  });
});
