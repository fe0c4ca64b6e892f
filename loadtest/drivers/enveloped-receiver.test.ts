import type { Fields, PreparedRequest, Receiver, Transport } from "@unblock/http2/client";
import { change, count, wish } from "@unblock/test/echo-schema";
import { describe, expect, test } from "vitest";
import { prepareConnectStream } from "./connect.ts";
import { Deadlines } from "./deadlines.ts";
import type { CallResult, LoadMethod } from "./driver.ts";
import { prepareGrpc, prepareGrpcWeb } from "./grpc.ts";
import { envelope } from "./wire.ts";

function fields(of: Readonly<Record<string, string>>): Fields {
  return { get: (name) => of[name] ?? null };
}

/** A transport with a scripted response, so that a test decides where chunks begin. */
function playing(play: (receiver: Receiver) => void): { transport: Transport; cancels: number } {
  const seen = {
    cancels: 0,
    transport: {
      connect: async () => {},
      close: () => {},
      prepare: (): PreparedRequest => ({
        send: (receiver) => {
          setImmediate(play, receiver);
          return {
            connection: 0,
            writtenMs: 1,
            cancel: () => {
              seen.cancels++;
            },
          };
        },
      }),
    },
  };
  return seen;
}

const protocols = {
  grpc: {
    prepare: prepareGrpc,
    contentType: "application/grpc+proto",
    last: Buffer.alloc(0),
    trailers: fields({ "grpc-status": "0" }),
  },
  "grpc-web": {
    prepare: prepareGrpcWeb,
    contentType: "application/grpc-web+proto",
    last: withFlags(0x80, "grpc-status: 0\r\ngrpc-message: \r\n"),
    trailers: undefined,
  },
  connect: {
    prepare: prepareConnectStream,
    contentType: "application/connect+proto",
    last: withFlags(0x02, '{"metadata":{"a":["b"]}}'),
    trailers: undefined,
  },
} as const;

function withFlags(flags: number, content: string): Buffer {
  const bytes = envelope(Buffer.from(content));
  bytes[0] = flags;
  return bytes;
}

type Protocol = keyof typeof protocols;

interface Played extends CallResult {
  readonly messages: number;
  readonly ends: number;
  readonly cancels: number;
}

async function play(
  protocol: Protocol,
  parts: readonly Buffer[],
  method: LoadMethod = count,
): Promise<Played> {
  const { prepare, contentType, trailers } = protocols[protocol];
  let messages = 0;
  let ends = 0;
  let result: CallResult | undefined;
  const played = Promise.withResolvers<void>();
  const player = playing((receiver) => {
    receiver.head(200, fields({ "content-type": contentType }));
    for (const part of parts) {
      receiver.data(part);
    }
    if (trailers !== undefined) {
      receiver.trailers(trailers);
    }
    receiver.end();
    played.resolve();
  });
  const onMessage = () => {
    messages++;
  };
  const deadlines = new Deadlines();
  const wire = { transport: player.transport, codec: "proto", deadlines, basePath: "" } as const;
  const call = { method, request: wish({}), header: {}, timeoutMs: 0, onMessage };
  prepare(
    wire,
    call,
  )((ended) => {
    ends++;
    result = ended;
  });
  await played.promise;
  if (result === undefined) {
    throw new Error("Expected the call to have ended");
  }
  return { ...result, messages, ends, cancels: player.cancels };
}

// Lengths of one, two and three bytes, and zero.
const messages = [3, 0, 300, 70_000].map((length) => envelope(Buffer.alloc(length, 1)));

describe.each(["grpc", "grpc-web", "connect"] as const)("messages of %s", (protocol) => {
  const { last } = protocols[protocol];
  const short = Buffer.concat([...messages.slice(0, 3), last]);

  test("are counted wherever the body is split in two", async () => {
    for (let cut = 0; cut <= short.length; cut++) {
      const played = await play(protocol, [short.subarray(0, cut), short.subarray(cut)]);
      expect(played).toMatchObject({ code: "ok", messages: 3, ends: 1, cancels: 0 });
    }
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 1_000])("are counted in chunks of %d bytes", async (size) => {
    const whole = Buffer.concat([...messages, last]);
    const parts = Array.from({ length: Math.ceil(whole.length / size) }, (_, part) =>
      whole.subarray(part * size, (part + 1) * size),
    );
    expect(await play(protocol, parts)).toMatchObject({ code: "ok", messages: 4, ends: 1 });
  });

  test("are counted when each chunk is one message", async () => {
    const parts = last.length > 0 ? [...messages, last] : messages;
    expect(await play(protocol, parts)).toMatchObject({ code: "ok", messages: 4, ends: 1 });
  });

  test("fail the call when incomplete, wherever they end", async () => {
    const message = envelope(Buffer.alloc(300));
    for (let cut = 1; cut < message.length; cut++) {
      const played = await play(protocol, [message.subarray(0, cut)]);
      expect(played).toMatchObject({ code: "internal", messages: 0, ends: 1 });
    }
  });

  test("fail and cancel the call when compressed", async () => {
    const played = await play(protocol, [withFlags(0x01, "zzz"), ...messages, last]);
    expect(played).toMatchObject({
      code: "internal",
      messages: 0,
      ends: 1,
      cancels: 1,
    });
  });

  test("fail and cancel the call with unknown flags", async () => {
    const played = await play(protocol, [
      Buffer.concat([short.subarray(0, 8), withFlags(0x40, "")]),
    ]);
    expect(played).toMatchObject({
      code: "internal",
      messages: 1,
      cancels: 1,
    });
  });
});

describe.each(["grpc", "grpc-web"] as const)("a unary response of %s", (protocol) => {
  const { last } = protocols[protocol];

  test.each([0, 2, 3])("is internal with %d messages", async (got) => {
    const parts = Array.from({ length: got }, () => envelope(Buffer.alloc(10)));
    expect(await play(protocol, [...parts, last], change)).toMatchObject({
      code: "internal",
    });
  });
});

describe.each(["grpc-web", "connect"] as const)("the last envelope of %s", (protocol) => {
  const { last } = protocols[protocol];

  test("must be the last", async () => {
    expect(await play(protocol, [last, envelope(Buffer.alloc(1))])).toMatchObject({
      code: "internal",
      messages: 0,
    });
  });

  test("must not exceed 64 KiB", async () => {
    const flags = last[0] ?? 0;
    expect(await play(protocol, [withFlags(flags, "x".repeat(65_537))])).toMatchObject({
      code: "internal",
    });
  });

  test("must not be missing", async () => {
    expect(await play(protocol, messages)).toMatchObject({ code: "internal" });
  });
});

describe("the last envelope of connect", () => {
  test.each([
    ['{"error":{"code":"aborted","message":"no"}}', "aborted", "no"],
    ['{"error":{"code":"aborted"}}', "aborted", ""],
    ['{"error":{"code":"strange","message":"no"}}', "unknown", "no"],
    ['{"error":{}}', "unknown", ""],
    ['{"error":7}', "unknown", ""],
    ["<html>", "internal", undefined],
    ["7", "internal", undefined],
  ])("%s becomes %s", async (content, code, message) => {
    expect(await play("connect", [withFlags(0x02, content)])).toMatchObject({
      code,
      ...(message === undefined ? {} : { message }),
    });
  });
});

describe("trailers in the body of gRPC-Web", () => {
  test.each([
    ["grpc-status: 10\r\ngrpc-message: no%20way", "aborted", "no way"],
    ["Grpc-Status:10\r\nGrpc-Message:no\r\n", "aborted", "no"],
    ["grpc-message: no\r\n", "internal", undefined],
    ["", "internal", undefined],
    ["grpc-status\r\n:", "internal", undefined],
  ])("%j become %s", async (content, code, message) => {
    expect(await play("grpc-web", [withFlags(0x80, content)])).toMatchObject({
      code,
      ...(message === undefined ? {} : { message }),
    });
  });
});
