import { createServer } from "node:http";
import { callOnce } from "@unblock/test/call-driver";
import { change, count, echo, wish } from "@unblock/test/echo-schema";
import { listen } from "@unblock/test/listen";
import { describe, expect, test } from "vitest";
import { checkDriverOptions, createDriver } from "./create-driver.ts";

/** All option errors are of this form, as opposed to errors of a connection. */
const expected = /^Expected /;

describe("a driver is rejected", () => {
  const baseUrl = "http://127.0.0.1:9";

  test("for gRPC over HTTP/1.1", () => {
    expect(() => createDriver({ baseUrl, protocol: "grpc", httpVersion: "1.1" })).toThrow(expected);
  });

  test.each(["grpc", "grpc-web"] as const)("for %s by GET", (protocol) => {
    expect(() => createDriver({ baseUrl, protocol, httpGet: true })).toThrow(expected);
  });

  test.each(["127.0.0.1:8080", "", "ftp://127.0.0.1", "http://"])("for the URL %j", (url) => {
    expect(() => createDriver({ baseUrl: url, protocol: "grpc" })).toThrow(expected);
  });
});

describe("a call by GET is rejected", () => {
  const driver = createDriver({
    baseUrl: "http://127.0.0.1:9",
    protocol: "connect",
    httpGet: true,
    httpVersion: "1.1",
  });
  const options = { protocol: "connect", httpVersion: "1.1", httpGet: true } as const;
  const call = { request: wish({}), header: {}, timeoutMs: 0 };

  test("to a method with side effects", () => {
    expect(() => driver.prepare({ ...call, method: change })).toThrow(expected);
    expect(() => checkDriverOptions(options, change)).toThrow(expected);
  });

  test("to a stream", () => {
    expect(() => driver.prepare({ ...call, method: count })).toThrow(expected);
    expect(() => checkDriverOptions(options, count)).toThrow(expected);
  });

  test("not to other methods", () => {
    expect(() => checkDriverOptions(options, echo)).not.toThrow();
    expect(() => checkDriverOptions({ ...options, httpGet: false }, count)).not.toThrow();
  });
});

describe("the request on the wire", () => {
  async function requestOf(options: {
    codec: "proto" | "json";
    httpGet?: boolean;
    protocol?: "connect" | "grpc-web";
    stream?: boolean;
  }) {
    const { promise, resolve } = Promise.withResolvers<object>();
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) {
        chunks.push(chunk);
      }
      const { host: _, connection: __, ...headers } = request.headers;
      const body = Buffer.concat(chunks).toString();
      resolve({ line: `${request.method} ${request.url}`, headers, body });
      response.end();
    });
    const endpoint = await listen(server);
    const driver = createDriver({
      protocol: "connect",
      ...options,
      baseUrl: `${endpoint.url}/api/`,
      httpVersion: "1.1",
    });
    await callOnce(driver, {
      method: options.stream ? count : echo,
      request: wish({ act: "fail" }),
      header: { "X-Team": "A" },
      timeoutMs: 5_000,
    });
    driver.close();
    await endpoint.close();
    return promise;
  }
  const always = { "user-agent": "unblock-loadtest", "x-team": "A" };

  test("Connect, unary", async () => {
    expect(await requestOf({ codec: "json" })).toEqual({
      line: "POST /api/echo.v1.EchoService/Echo",
      headers: {
        ...always,
        "content-type": "application/json",
        "content-length": "14",
        "connect-protocol-version": "1",
        "connect-timeout-ms": "5000",
      },
      body: '{"act":"fail"}',
    });
  });

  test("Connect by GET", async () => {
    const headers = { ...always, "connect-timeout-ms": "5000" };
    const path = "GET /api/echo.v1.EchoService/Echo?connect=v1";
    expect(await requestOf({ codec: "json", httpGet: true })).toEqual({
      line: `${path}&encoding=json&base64=1&message=eyJhY3QiOiJmYWlsIn0`,
      headers,
      body: "",
    });
    expect(await requestOf({ codec: "proto", httpGet: true })).toEqual({
      line: `${path}&encoding=proto&base64=1&message=CgRmYWls`,
      headers,
      body: "",
    });
  });

  test("Connect, streaming", async () => {
    expect(await requestOf({ codec: "json", stream: true })).toEqual({
      line: "POST /api/echo.v1.EchoService/Count",
      headers: {
        ...always,
        "content-type": "application/connect+json",
        "content-length": "19",
        "connect-protocol-version": "1",
        "connect-timeout-ms": "5000",
      },
      body: '\0\0\0\0\u000e{"act":"fail"}',
    });
  });

  test("gRPC-Web", async () => {
    expect(await requestOf({ codec: "proto", protocol: "grpc-web" })).toEqual({
      line: "POST /api/echo.v1.EchoService/Echo",
      headers: {
        ...always,
        "content-type": "application/grpc-web+proto",
        "content-length": "11",
        "grpc-timeout": "5000m",
        "x-grpc-web": "1",
      },
      body: "\0\0\0\0\u0006\n\u0004fail",
    });
  });
});
