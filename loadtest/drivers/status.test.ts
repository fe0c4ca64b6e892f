import { describe, expect, test } from "vitest";
import { readGrpcStatus } from "./status.ts";

describe("a gRPC status", () => {
  test.each([
    ["0", "ok"],
    ["1", "canceled"],
    ["2", "unknown"],
    ["4", "deadline_exceeded"],
    ["8", "resource_exhausted"],
    ["14", "unavailable"],
    ["16", "unauthenticated"],
    ["17", "unknown"],
    ["-1", "unknown"],
    ["00", "unknown"],
    ["", "unknown"],
    ["ok", "unknown"],
  ])("%j is %s", (status, code) => {
    expect(readGrpcStatus(status, "said").code).toBe(code);
  });

  test("that gRPC does not have is named when the server says nothing", () => {
    expect(readGrpcStatus("99", null).message).toBe(
      'Expected grpc-status to be from 0 to 16, got "99"',
    );
  });

  test.each([
    ["plain", "plain"],
    ["50 %25 of all", "50 % of all"],
    ["b%C3%BCsy %e2%9c%93", "büsy ✓"],
    // A server that does not encode: its UTF-8 comes as one character a byte.
    ["b\u00c3\u00bcsy", "büsy"],
    ["100%", "100%"],
    ["%zz %4 %", "%zz %4 %"],
    ["%C3", "\ufffd"],
    ["%00", "\0"],
    [null, ""],
  ])("with the message %j says %j", (message, said) => {
    expect(readGrpcStatus("13", message)).toEqual({ code: "internal", message: said });
  });
});
