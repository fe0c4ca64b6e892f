import { echo, wish } from "@unblock/test/echo-schema";
import { describe, expect, test } from "vitest";
import { connectTimeout, grpcTimeout, requestFields } from "./wire.ts";

describe("a deadline on the wire", () => {
  test.each([
    [0, undefined, undefined],
    [20, "20m", "20"],
    [0.5, "500u", "1"],
    [1.2345, "1235u", "2"],
    [99_999_999, "99999999m", "99999999"],
    [100_000_000.5, "100001S", "100000001"],
    [200_000.25, "200001m", "200001"],
    [1e12, "99999999S", "9999999999"],
  ])("%d ms is %s for gRPC and %s for Connect", (timeoutMs, grpc, connect) => {
    expect(grpcTimeout(timeoutMs)["grpc-timeout"]).toBe(grpc);
    expect(connectTimeout(timeoutMs)["connect-timeout-ms"]).toBe(connect);
  });
});

describe("a request's fields", () => {
  const fields = (header: Record<string, string>) =>
    requestFields(
      { method: echo, request: wish({}), header, timeoutMs: 0 },
      { "content-type": "application/proto" },
    );

  test("have lower-case names, and those of the protocol win", () => {
    expect(fields({ "X-Team": "A", "Content-Type": "text/html" })).toEqual({
      "user-agent": "unblock-loadtest",
      "x-team": "A",
      "content-type": "application/proto",
    });
    expect(fields({ "User-Agent": "mine" })).toMatchObject({ "user-agent": "mine" });
  });

  test.each([
    ["x team", "A"],
    ["", "A"],
    [":path", "/"],
    ["x-team", "A\r\nx-other: B"],
    ["x-team", "snow ☃"],
  ])("reject %j: %j", (name, value) => {
    expect(() => fields({ [name]: value })).toThrow(JSON.stringify(`${name}: ${value}`));
  });
});
