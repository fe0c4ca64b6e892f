import {
  create,
  createFileRegistry,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
  toJson,
} from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  MethodOptions_IdempotencyLevel,
} from "@bufbuild/protobuf/wkt";

const { STRING, INT32, BYTES } = FieldDescriptorProto_Type;

function field(name: string, number: number, type: FieldDescriptorProto_Type) {
  return { name, jsonName: name, number, type, label: FieldDescriptorProto_Label.OPTIONAL };
}

/** A schema with a server stream, which the project's own lack. */
const file = create(FileDescriptorProtoSchema, {
  name: "echo.proto",
  package: "echo.v1",
  syntax: "proto3",
  messageType: [
    {
      name: "EchoRequest",
      field: [field("act", 1, STRING), field("count", 2, INT32), field("bytes", 3, INT32)],
    },
    { name: "EchoResponse", field: [field("data", 1, BYTES)] },
  ],
  service: [
    {
      name: "EchoService",
      method: [
        {
          name: "Echo",
          inputType: ".echo.v1.EchoRequest",
          outputType: ".echo.v1.EchoResponse",
          options: { idempotencyLevel: MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS },
        },
        {
          name: "Change",
          inputType: ".echo.v1.EchoRequest",
          outputType: ".echo.v1.EchoResponse",
        },
        {
          name: "Count",
          inputType: ".echo.v1.EchoRequest",
          outputType: ".echo.v1.EchoResponse",
          serverStreaming: true,
        },
      ],
    },
  ],
});

const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }));

function findMethod(name: string): DescMethod {
  const found = registry
    .getService("echo.v1.EchoService")
    ?.methods.find((method) => method.name === name);
  if (found === undefined) {
    throw new Error(`Expected echo.v1.EchoService to have ${name}`);
  }
  return found;
}

function unary(name: string): DescMethodUnary {
  const method = findMethod(name);
  if (method.methodKind !== "unary") {
    throw new Error(`Expected ${name} to be unary, got ${method.methodKind}`);
  }
  return { ...method, methodKind: method.methodKind };
}

function serverStreaming(name: string): DescMethodServerStreaming {
  const method = findMethod(name);
  if (method.methodKind !== "server_streaming") {
    throw new Error(`Expected ${name} to stream, got ${method.methodKind}`);
  }
  return { ...method, methodKind: method.methodKind };
}

/** Unary, and without side effects. */
export const echo = unary("Echo");
/** Unary, with side effects. */
export const change = unary("Change");
/** A server stream. */
export const count = serverStreaming("Count");

/** Instructions for the server. */
export interface Wish {
  /** After the messages, "fail" fails with `failure`, and "hang" never ends. */
  readonly act?: "fail" | "hang";
  /** Count of the messages of a stream. */
  readonly count?: number;
  /** Length of the data of each message. */
  readonly bytes?: number;
}

export function wish(json: Wish): Message {
  return fromJson(echo.input, { ...json });
}

/** Error message of the server, with characters that every layer must preserve. */
export const failure = "50 % of the queue – büsy ✓";

/** Reads the instructions for the server, and makes the response message. */
export function readWish(request: Message): Wish & { readonly answer: Message } {
  const json = toJson(echo.input, request);
  const { act, count, bytes } = { ...defaults, ...(isObject(json) ? json : {}) };
  return {
    ...(act === "fail" || act === "hang" ? { act } : {}),
    count: Number(count),
    answer: create(echo.output, { data: new Uint8Array(Number(bytes)) }),
  };
}

const defaults: JsonObject = { act: "", count: 0, bytes: 0 };

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
