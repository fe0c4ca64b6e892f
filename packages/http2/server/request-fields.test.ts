import { describe, expect, test } from "vitest";
import type { Field } from "../hpack-table.ts";
import { type HeaderFields, requestFieldRules } from "./request-fields.ts";

function parse(fields: readonly Field[]): HeaderFields {
  const { createFields, kindOf } = requestFieldRules;
  return createFields(
    fields.map(([name, value]) => ({ name, value, kind: kindOf(name, value) })),
    false,
  );
}

const request: readonly Field[] = [
  [":method", "POST"],
  [":scheme", "https"],
  [":path", "/a.B/C"],
  [":authority", "localhost"],
];

test("reads a request's target and fields", () => {
  const fields = parse([
    ...request,
    ["te", "trailers"],
    ["content-length", "12"],
    ["cookie", "a=1"],
    ["cookie", "b=2"],
    ["x-list", "1"],
    ["x-list", "2"],
  ]);
  expect(fields).toMatchObject({
    problem: undefined,
    method: "POST",
    scheme: "https",
    path: "/a.B/C",
    authority: "localhost",
    contentLength: 12,
    areTrailers: false,
  });
  expect(fields.get("cookie")).toBe("a=1; b=2");
  expect(fields.get("x-list")).toBe("1, 2");
  expect(fields.get("x-none")).toBeUndefined();
});

describe("takes", () => {
  test.each<[string, Field[]]>([
    ["host instead of :authority", [...request.slice(0, 3), ["host", "localhost"]]],
    ["host beside the same :authority", [...request, ["host", "LOCALHOST"]]],
    [
      "OPTIONS *",
      [
        [":method", "OPTIONS"],
        [":scheme", "http"],
        [":path", "*"],
        [":authority", "a"],
      ],
    ],
    [
      "CONNECT",
      [
        [":method", "CONNECT"],
        [":authority", "a:1"],
      ],
    ],
    ["a tab within a value", [...request, ["a", "b\tc"]]],
  ])("%s", (_, fields) => {
    expect(parse(fields).problem).toBeUndefined();
  });
});

describe("finds malformed", () => {
  test.each<[string, Field[]]>([
    ["no :method", request.slice(1)],
    ["no :scheme", request.filter(([name]) => name !== ":scheme")],
    ["no :path", request.filter(([name]) => name !== ":path")],
    ["no authority at all", request.slice(0, 3)],
    ["an empty :path", [...request.filter(([name]) => name !== ":path"), [":path", ""]]],
    ["a :path without a slash", [...request.filter(([name]) => name !== ":path"), [":path", "a"]]],
    ["user information", [...request.slice(0, 3), [":authority", "me@localhost"]]],
    ["another host", [...request, ["host", "other"]]],
    ["two hosts", [...request, ["host", "localhost"], ["host", "localhost"]]],
    ["a pseudo-header field twice", [...request, [":path", "/"]]],
    ["a pseudo-header field after others", [["a", "b"], ...request]],
    ["a pseudo-header field after content-length", [["content-length", "0"], ...request]],
    ["a response's pseudo-header field", [...request, [":status", "200"]]],
    ["an unknown pseudo-header field", [...request, [":unknown", "a"]]],
    [
      "CONNECT with a path",
      [
        [":method", "CONNECT"],
        [":authority", "a"],
        [":path", "/"],
      ],
    ],
    ["a name in upper case", [...request, ["Upper", "a"]]],
    ["an empty name", [...request, ["", "a"]]],
    ["a name with a blank", [...request, ["a b", "a"]]],
    ["connection", [...request, ["connection", "close"]]],
    ["keep-alive", [...request, ["keep-alive", "1"]]],
    ["proxy-connection", [...request, ["proxy-connection", "close"]]],
    ["transfer-encoding", [...request, ["transfer-encoding", "chunked"]]],
    ["upgrade", [...request, ["upgrade", "h2c"]]],
    ["te with more than trailers", [...request, ["te", "trailers, gzip"]]],
    ["a line feed", [...request, ["a", "b\nc"]]],
    ["a NUL", [...request, ["a", "b\0"]]],
    ["a value that begins with a blank", [...request, ["a", " b"]]],
    ["a value that ends with a tab", [...request, ["a", "b\t"]]],
    ["a content-length that is no number", [...request, ["content-length", "-1"]]],
    ["two content-lengths", [...request, ["content-length", "1"], ["content-length", "1"]]],
  ])("%s", (_, fields) => {
    expect(parse(fields).problem).toBeDefined();
  });
});

test("takes fields without pseudo-header fields as trailers, and no others", () => {
  expect(parse([["grpc-status", "0"]]).areTrailers).toBe(true);
  expect(parse([]).areTrailers).toBe(true);
  expect(parse([[":path", "/"]]).areTrailers).toBe(false);
  expect(parse([["Upper", "a"]]).areTrailers).toBe(false);
});
