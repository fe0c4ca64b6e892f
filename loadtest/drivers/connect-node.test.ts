import { callOnce } from "@unblock/test/call-driver";
import { serveConnect } from "@unblock/test/echo-connect-server";
import { change, count, failure, wish } from "@unblock/test/echo-schema";
import type { TestEndpoint } from "@unblock/test/listen";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createDriver } from "./create-driver.ts";
import type { Driver } from "./driver.ts";

const servers = new Map<string, TestEndpoint>();
beforeAll(async () => {
  servers.set("1.1", await serveConnect("1.1"));
  servers.set("2", await serveConnect("2"));
});
afterAll(async () => {
  await Promise.all([...servers.values()].map((server) => server.close()));
});

describe.each([
  { protocol: "grpc", httpVersion: "2", codec: "proto" },
  { protocol: "grpc", httpVersion: "2", codec: "json" },
  { protocol: "grpc-web", httpVersion: "2", codec: "proto" },
  { protocol: "grpc-web", httpVersion: "2", codec: "json" },
  { protocol: "grpc-web", httpVersion: "1.1", codec: "proto" },
  { protocol: "grpc-web", httpVersion: "1.1", codec: "json" },
  { protocol: "connect", httpVersion: "2", codec: "proto" },
  { protocol: "connect", httpVersion: "2", codec: "json" },
  { protocol: "connect", httpVersion: "1.1", codec: "proto" },
  { protocol: "connect", httpVersion: "1.1", codec: "json" },
] as const)("$protocol with $codec over HTTP/$httpVersion to connect-node", (combination) => {
  let driver: Driver;
  beforeAll(async () => {
    const baseUrl = servers.get(combination.httpVersion)?.url ?? "";
    driver = createDriver({ ...combination, baseUrl, connections: 2 });
    await driver.connect();
  });
  afterAll(() => driver.close());

  test("sends a unary call with headers both ways", async () => {
    const result = await callOnce(driver, { method: change, header: { Say: "hello" } });
    expect(result).toMatchObject({ code: "ok", message: "", messages: 1 });
    expect(result.header.get("heard")).toBe("hello");
    expect(result.header.get("unheard")).toBe(null);
    expect([0, 1]).toContain(result.connection);
    expect(result.writtenMs).toBeGreaterThan(0);
  });

  test("reports code and message of a failure", async () => {
    expect(await callOnce(driver, { request: wish({ act: "fail" }) })).toMatchObject({
      code: "failed_precondition",
      message: failure,
      messages: 0,
    });
  });

  test("counts a large response as one message", async () => {
    expect(await callOnce(driver, { request: wish({ bytes: 1_000_000 }) })).toMatchObject({
      code: "ok",
      messages: 1,
    });
  });

  test("counts messages of a stream", async () => {
    const request = wish({ count: 100, bytes: 1_000 });
    expect(await callOnce(driver, { method: count, request })).toMatchObject({
      code: "ok",
      message: "",
      messages: 100,
    });
    expect(await callOnce(driver, { method: count, request: wish({}) })).toMatchObject({
      code: "ok",
      messages: 0,
    });
  });

  test("reports a failure after the messages of a stream", async () => {
    const request = wish({ count: 2, bytes: 3, act: "fail" });
    expect(await callOnce(driver, { method: count, request })).toMatchObject({
      code: "failed_precondition",
      message: failure,
      messages: 2,
    });
  });

  test("ends a call at its deadline, and the connection stays usable", async () => {
    const request = wish({ act: "hang" });
    const results = await Promise.all([
      callOnce(driver, { request, timeoutMs: 60 }),
      callOnce(driver, { method: count, request: wish({ act: "hang", count: 2 }), timeoutMs: 60 }),
    ]);
    expect(results.map(({ code }) => code)).toEqual(["deadline_exceeded", "deadline_exceeded"]);
    expect((await callOnce(driver)).code).toBe("ok");
    expect(results.map(({ ends }) => ends())).toEqual([1, 1]);
  });

  test("fails each call of a lost connection once, and reopens the connection", async () => {
    // The first message shows that the call has arrived.
    const { promise: arrived, resolve: onMessage } = Promise.withResolvers<void>();
    const request = wish({ act: "hang", count: 1, bytes: 1 });
    const stream = new Promise((resolve) => {
      driver.prepare({ method: count, request, header: {}, timeoutMs: 0, onMessage })(resolve);
    });
    await arrived;
    servers.get(combination.httpVersion)?.cut();
    expect(await stream).toMatchObject({ code: "unavailable" });
    // A call may still use the other closed connection before its end is noticed.
    await vi.waitFor(async () => expect(await callOnce(driver)).toMatchObject({ code: "ok" }));
    await vi.waitFor(async () => expect(await callOnce(driver)).toMatchObject({ code: "ok" }));
    const again = await Promise.all([callOnce(driver), callOnce(driver), callOnce(driver)]);
    expect(again.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      "ok: ",
      "ok: ",
      "ok: ",
    ]);
    expect(again.map(({ ends }) => ends())).toEqual([1, 1, 1]);
  });

  test("close fails calls in progress and later ones", async () => {
    const baseUrl = servers.get(combination.httpVersion)?.url ?? "";
    const other = createDriver({ ...combination, baseUrl });
    await other.connect();
    const pending = [1, 2].map(() => callOnce(other, { request: wish({ act: "hang" }) }));
    other.close();
    const codes = (await Promise.all([...pending, callOnce(other)])).map(({ code }) => code);
    expect(codes).toEqual(["canceled", "canceled", "canceled"]);
  });
});

describe.each(["1.1", "2"] as const)(
  "Connect by GET over HTTP/%s to connect-node",
  (httpVersion) => {
    test.each(["proto", "json"] as const)(
      "calls an RPC without side effects with %s",
      async (codec) => {
        const baseUrl = servers.get(httpVersion)?.url ?? "";
        const driver = createDriver({
          baseUrl,
          protocol: "connect",
          codec,
          httpVersion,
          httpGet: true,
        });
        try {
          await driver.connect();
          const result = await callOnce(driver, {
            request: wish({ bytes: 7 }),
            header: { say: "by GET" },
          });
          expect(result).toMatchObject({ code: "ok", messages: 1 });
          expect(result.header.get("heard")).toBe("by GET");
          expect(await callOnce(driver, { request: wish({ act: "fail" }) })).toMatchObject({
            code: "failed_precondition",
            message: failure,
          });
        } finally {
          driver.close();
        }
      },
    );
  },
);
