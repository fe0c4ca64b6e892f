import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callOnce } from "../../testing/call-driver.ts";
import { type GrpcServer, serveGrpc } from "../../testing/echo-grpc-server.ts";
import { count, failure, wish } from "../../testing/echo-schema.ts";
import { createDriver } from "./create-driver.ts";
import type { Driver } from "./driver.ts";

describe("gRPC to grpc-js", () => {
  let server: GrpcServer;
  let driver: Driver;
  beforeAll(async () => {
    server = await serveGrpc();
    driver = createDriver({ baseUrl: server.url, protocol: "grpc", connections: 2 });
    await driver.connect();
  });
  afterAll(() => {
    driver.close();
    server.close();
  });

  test("a unary call is answered, and its header goes both ways", async () => {
    const result = await callOnce(driver, { header: { say: "hello" } });
    expect(result).toMatchObject({ code: "ok", message: "", messages: 1 });
    expect(result.header.get("heard")).toBe("hello");
  });

  test("many at once are all answered, over all connections", async () => {
    const results = await Promise.all(Array.from({ length: 300 }, () => callOnce(driver)));
    expect(new Set(results.map(({ code }) => code))).toEqual(new Set(["ok"]));
    expect(new Set(results.map(({ connection }) => connection))).toEqual(new Set([0, 1]));
    expect(results.map(({ ends }) => ends())).toEqual(results.map(() => 1));
  });

  test("a failure has the server's code and message", async () => {
    const result = await callOnce(driver, { request: wish({ act: "fail" }) });
    expect(result).toMatchObject({ code: "failed_precondition", message: failure, messages: 0 });
  });

  test("a large answer is one message", async () => {
    const result = await callOnce(driver, { request: wish({ bytes: 1_000_000 }) });
    expect(result).toMatchObject({ code: "ok", messages: 1 });
  });

  test("a stream's messages are counted, also before a failure", async () => {
    const call = (act: { act?: "fail" }) =>
      callOnce(driver, { method: count, request: wish({ ...act, count: 50, bytes: 10_000 }) });
    expect(await call({})).toMatchObject({ code: "ok", messages: 50 });
    expect(await call({ act: "fail" })).toMatchObject({
      code: "failed_precondition",
      message: failure,
      messages: 50,
    });
  });

  test("an RPC that the server does not have is unimplemented", async () => {
    const { code, message } = await callOnce(driver, { method: { ...count, name: "Nothing" } });
    expect(code).toBe("unimplemented");
    expect(message).toContain("/echo.v1.EchoService/Nothing");
  });

  test("a deadline ends a call without an answer, unary or a stream", async () => {
    const [unary, stream] = await Promise.all([
      callOnce(driver, { request: wish({ act: "hang" }), timeoutMs: 50 }),
      callOnce(driver, { method: count, request: wish({ act: "hang", count: 2 }), timeoutMs: 50 }),
    ]);
    expect(unary).toMatchObject({ code: "deadline_exceeded", messages: 0 });
    expect(stream).toMatchObject({ code: "deadline_exceeded", messages: 2 });
    expect((await callOnce(driver)).code).toBe("ok");
  });

  test("a server that shuts down by force fails the calls in progress, each once", async () => {
    const other = await serveGrpc();
    const toOther = createDriver({ baseUrl: other.url, protocol: "grpc" });
    await toOther.connect();
    // The first message tells that the calls have arrived.
    const { promise: arrived, resolve: onMessage } = Promise.withResolvers<void>();
    const request = wish({ act: "hang", count: 1 });
    const codes: string[] = [];
    const ended = Array.from(
      { length: 20 },
      () =>
        new Promise<void>((resolve) => {
          const call = { method: count, request, header: {}, timeoutMs: 0, onMessage };
          toOther.prepare(call)(({ code }) => {
            codes.push(code);
            resolve();
          });
        }),
    );
    await arrived;
    other.close();
    await Promise.all(ended);
    expect(codes).toHaveLength(20);
    // It cancels the streams, and cuts the connection: what comes first is up to the sockets.
    expect(codes.filter((code) => code !== "canceled" && code !== "unavailable")).toEqual([]);
    expect(await callOnce(toOther)).toMatchObject({ code: "unavailable", messages: 0 });
    toOther.close();
  });
});
