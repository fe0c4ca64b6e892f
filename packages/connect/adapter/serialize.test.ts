import {
  create,
  type DescMessage,
  equals,
  fromBinary,
  fromJsonString,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { AnySchema, UninterpretedOptionSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { change } from "@unblock/test/echo-schema";
import { expect, test } from "vitest";
import { collectRoutes, type RouteOptions } from "./routes.ts";
import { serializeMessage } from "./serialize.ts";

const value = Uint8Array.from({ length: 1_000_000 }, (_, at) => at);
const any = create(AnySchema, { typeUrl: "example.com/image", value });

function serialize<Desc extends DescMessage>(
  output: Desc,
  message: MessageShape<Desc>,
  isBinary = true,
  options: RouteOptions = {},
): Uint8Array {
  const [route] = collectRoutes(
    (router) => router.rpc({ ...change, output }, () => message),
    options,
    "",
  ).values();
  if (route === undefined) {
    throw new Error("Expected a route");
  }
  return serializeMessage(route, isBinary, message);
}

test("a message with a large field of bytes is parsed as what it was", () => {
  expect(equals(AnySchema, fromBinary(AnySchema, serialize(AnySchema, any)), any)).toBe(true);
});

test("a field with explicit presence, and fields that the schema lacks, are sent", () => {
  const option = create(UninterpretedOptionSchema, { identifierValue: "a", stringValue: value });
  option.$unknown = [{ no: 100, wireType: 2, data: Buffer.from([2, 7, 8]) }];
  const parsed = fromBinary(
    UninterpretedOptionSchema,
    serialize(UninterpretedOptionSchema, option),
  );
  expect(equals(UninterpretedOptionSchema, parsed, option)).toBe(true);
  expect(parsed.$unknown).toEqual(option.$unknown);
});

test("a message with a small field is what toBinary makes of it", () => {
  const small = create(AnySchema, { ...any, value: value.subarray(0, 1_000) });
  expect(serialize(AnySchema, small)).toEqual(toBinary(AnySchema, small));
});

test("the bytes are copied: the handler may use its buffer again", () => {
  const reused = value.slice();
  const sent = serialize(AnySchema, create(AnySchema, { value: reused }));
  reused.fill(0);
  expect(Buffer.from(value).equals(fromBinary(AnySchema, sent).value)).toBe(true);
});

test("JSON has the field, too", () => {
  const echoed = create(UninterpretedOptionSchema, { stringValue: value });
  const json = Buffer.from(serialize(UninterpretedOptionSchema, echoed, false)).toString();
  expect(
    equals(UninterpretedOptionSchema, fromJsonString(UninterpretedOptionSchema, json), echoed),
  ).toBe(true);
});

test("a message beyond writeMaxBytes is rejected as without a large field", () => {
  const options = { writeMaxBytes: value.length };
  const rejection = expect.objectContaining({ code: Code.ResourceExhausted });
  expect(() => serialize(AnySchema, any, true, options)).toThrow(rejection);
  expect(() => serialize(AnySchema, any, true, { writeMaxBytes: 1_000 })).toThrow(rejection);
});
