import { expect, test } from "vitest";
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

// What nghttp2 judges as well: differential.test.ts.
test.each<[string, Field[]]>([
  ["host beside the same :authority", [...request, ["host", "LOCALHOST"]]],
  ["a tab within a value", [...request, ["a", "b\tc"]]],
  [
    "OPTIONS *",
    [[":method", "OPTIONS"], [":path", "*"], ...request.slice(1, 2), ...request.slice(3)],
  ],
])("takes %s", (_, fields) => {
  expect(parse(fields).problem).toBeUndefined();
});

test.each<[string, Field[]]>([
  ["a pseudo-header field after content-length", [["content-length", "0"], ...request]],
  ["keep-alive", [...request, ["keep-alive", "1"]]],
  ["proxy-connection", [...request, ["proxy-connection", "close"]]],
  ["upgrade", [...request, ["upgrade", "h2c"]]],
  ["a value that ends with a tab", [...request, ["a", "b\t"]]],
  ["a negative content-length", [...request, ["content-length", "-1"]]],
])("finds malformed: %s", (_, fields) => {
  expect(parse(fields).problem).toBeDefined();
});

test("takes fields without pseudo-header fields as trailers, and no others", () => {
  expect(parse([["grpc-status", "0"]]).areTrailers).toBe(true);
  expect(parse([]).areTrailers).toBe(true);
  expect(parse([[":path", "/"]]).areTrailers).toBe(false);
  expect(parse([["Upper", "a"]]).areTrailers).toBe(false);
});
