import { describe, expect, test } from "vitest";
import { readGrpcStatus } from "./response.ts";

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
  ])("%j becomes %s", (status, code) => {
    expect(readGrpcStatus(status, "said").code).toBe(code);
  });

  test("that gRPC does not define is in the message when the server sends none", () => {
    expect(readGrpcStatus("99", null).message).toContain('"99"');
  });

  test.each([
    ["plain", "plain"],
    ["50 %25 of all", "50 % of all"],
    ["b%C3%BCsy %e2%9c%93", "büsy ✓"],
    // UTF-8 that a server did not encode arrives as one character per byte.
    ["b\u00c3\u00bcsy", "büsy"],
    ["100%", "100%"],
    ["%zz %4 %", "%zz %4 %"],
    ["%C3", "\ufffd"],
    ["%00", "\0"],
    [null, ""],
  ])("with the message %j decodes to %j", (message, said) => {
    expect(readGrpcStatus("13", message)).toEqual({ code: "internal", message: said });
  });
});
