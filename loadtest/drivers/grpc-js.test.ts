import { callOnce } from "@unblock/test/call-driver";
import { type GrpcServer, serveGrpc } from "@unblock/test/echo-grpc-server";
import { count, failure, wish } from "@unblock/test/echo-schema";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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

  test("sends a unary call with headers both ways", async () => {
    const result = await callOnce(driver, { header: { say: "hello" } });
    expect(result).toMatchObject({ code: "ok", message: "", messages: 1 });
    expect(result.header.get("heard")).toBe("hello");
  });

  test("completes 300 concurrent calls over all connections", async () => {
    const results = await Promise.all(Array.from({ length: 300 }, () => callOnce(driver)));
    expect(new Set(results.map(({ code }) => code))).toEqual(new Set(["ok"]));
    expect(new Set(results.map(({ connection }) => connection))).toEqual(new Set([0, 1]));
    expect(results.map(({ ends }) => ends())).toEqual(results.map(() => 1));
  });

  test("reports code and message of a failure", async () => {
    const result = await callOnce(driver, { request: wish({ act: "fail" }) });
    expect(result).toMatchObject({ code: "failed_precondition", message: failure, messages: 0 });
  });

  test("counts a large response as one message", async () => {
    const result = await callOnce(driver, { request: wish({ bytes: 1_000_000 }) });
    expect(result).toMatchObject({ code: "ok", messages: 1 });
  });

  test("counts messages of a stream, also before a failure", async () => {
    const call = (act: { act?: "fail" }) =>
      callOnce(driver, { method: count, request: wish({ ...act, count: 50, bytes: 10_000 }) });
    expect(await call({})).toMatchObject({ code: "ok", messages: 50 });
    expect(await call({ act: "fail" })).toMatchObject({
      code: "failed_precondition",
      message: failure,
      messages: 50,
    });
  });

  test("reports an unknown RPC as unimplemented", async () => {
    const { code, message } = await callOnce(driver, { method: { ...count, name: "Nothing" } });
    expect(code).toBe("unimplemented");
    expect(message).toContain("/echo.v1.EchoService/Nothing");
  });

  test("ends unary and streaming calls at their deadline", async () => {
    const [unary, stream] = await Promise.all([
      callOnce(driver, { request: wish({ act: "hang" }), timeoutMs: 50 }),
      callOnce(driver, { method: count, request: wish({ act: "hang", count: 2 }), timeoutMs: 50 }),
    ]);
    expect(unary).toMatchObject({ code: "deadline_exceeded", messages: 0 });
    expect(stream).toMatchObject({ code: "deadline_exceeded", messages: 2 });
    expect((await callOnce(driver)).code).toBe("ok");
  });

  test("fails each call in progress once when the server is killed", async () => {
    const other = await serveGrpc();
    const toOther = createDriver({ baseUrl: other.url, protocol: "grpc" });
    await toOther.connect();
    // The first message shows that the calls have arrived.
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
    // Either is right: the server resets the streams and closes the connection at once.
    expect(codes.filter((code) => code !== "canceled" && code !== "unavailable")).toEqual([]);
    expect(await callOnce(toOther)).toMatchObject({ code: "unavailable", messages: 0 });
    toOther.close();
  });
});
