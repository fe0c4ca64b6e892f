import { duplexPair } from "node:stream";
import { describe, expect, test, vi } from "vitest";
import {
  flag,
  frame,
  frameType,
  preface,
  setting,
  settingsAck,
  settingsFrame,
  windowUpdateFrame,
} from "../frames.ts";
import {
  data,
  echo,
  get,
  header,
  openPeer,
  post,
  record,
  serve,
  trailer,
} from "../testing/server.ts";
import {
  createServerConnection,
  encodeHeaderBlock,
  errorCode,
  type ServerStream,
} from "./index.ts";

const waitOptions = { timeout: 10_000, interval: 2 };

describe("a request", () => {
  test("is answered with header, body and trailers", async () => {
    const { port } = await serve(echo);
    const peer = await openPeer(port);
    peer.write(peer.headers(1, post, false), data(1, "hello"));
    await peer.ended(1);
    expect(peer.of(1)).toEqual(["headers", "data", "headers!"]);
    expect(peer.body(1).toString()).toBe("hello");
  });

  test("has its body collected from many frames, small and large", async () => {
    const { port, accepted } = await serve(echo);
    const peer = await openPeer(port);
    const parts = [1, 10, 16_384, 3, 5_000, 100, 0, 16_000].map((size) => Buffer.alloc(size, size));
    peer.write(peer.headers(1, post, false), ...parts.map((part) => data(1, part, false)));
    await peer.ping();
    const body = Buffer.concat(parts);
    expect(accepted[0]?.bufferedBytes).toBe(body.length);
    peer.write(data(1, "", true));
    await peer.ended(1);
    expect(peer.body(1).equals(body)).toBe(true);
    await vi.waitUntil(() => accepted[0]?.bufferedBytes === 0, waitOptions);
  });

  test("may have padding, a priority and a header in many frames", async () => {
    const { port } = await serve(echo);
    const peer = await openPeer(port);
    const block = peer.headers(1, post, false).subarray(9);
    const priority = Buffer.from([0, 0, 0, 0, 7]);
    const padded = Buffer.concat([Buffer.of(3), priority, block.subarray(0, 2), Buffer.alloc(3)]);
    peer.write(
      frame(frameType.headers, flag.padded | flag.priority, 1, padded),
      frame(frameType.continuation, 0, 1, block.subarray(2, 5)),
      frame(frameType.continuation, flag.endHeaders, 1, block.subarray(5)),
      frame(frameType.data, flag.padded, 1, Buffer.from("\x05hello12345")),
      frame(frameType.data, flag.padded | flag.endStream, 1, Buffer.from("\x00!")),
    );
    await peer.ended(1);
    expect(peer.body(1).toString()).toBe("hello!");
  });

  test("may end with trailers", async () => {
    const { heard, onStream } = record("collect");
    const { port } = await serve(onStream);
    const peer = await openPeer(port);
    peer.write(peer.headers(1, post, false), data(1, "a", false), peer.headers(1, [["x", "y"]]));
    await peer.ping();
    expect(heard[0]).toMatchObject({ body: "a", isEnded: true });
    expect(heard[0]?.trailers?.get("x")).toBe("y");
  });

  test("whose fields are those of the one before has the same object for them", async () => {
    const { heard, onStream } = record("collect");
    const { port } = await serve(onStream);
    const peer = await openPeer(port);
    for (const id of [1, 3, 5]) {
      peer.write(peer.headers(id, post));
    }
    await peer.ping();
    const [, second, third] = heard.map(({ stream }) => stream.fields);
    expect(third).toBe(second);
  });

  test.each([
    ["malformed fields", [...post, ["connection", "close"]]],
    ["a content-length but no body", [...post, ["content-length", "1"]]],
  ] as const)("with %s is reset with PROTOCOL_ERROR, and others are served", async (_, fields) => {
    const { port } = await serve(echo);
    const peer = await openPeer(port);
    peer.write(peer.headers(1, fields), peer.headers(3, get));
    expect(await peer.resetOf(1)).toBe(errorCode.protocolError);
    await peer.ended(3);
    expect(peer.of(3)).toEqual(["headers", "headers!"]);
  });

  test.each([
    ["more", "123456", true],
    ["less", "1234", true],
    ["more before its end", "123456", false],
  ] as const)("whose body is %s than its content-length is reset", async (_, body, isLast) => {
    const { heard, onStream } = record("collect");
    const { port } = await serve(onStream);
    const peer = await openPeer(port);
    peer.write(peer.headers(1, [...post, ["content-length", "5"]], false), data(1, body, isLast));
    expect(await peer.resetOf(1)).toBe(errorCode.protocolError);
    expect(heard[0]).toMatchObject({ isEnded: false, aborts: [errorCode.protocolError] });
  });

  test("whose body is too large gets the handler's response, then RST_STREAM", async () => {
    const { port } = await serve((stream) =>
      stream.collect({ onTooLarge: () => stream.respond(header, Buffer.from("no"), trailer) }, 10),
    );
    const peer = await openPeer(port);
    peer.write(peer.headers(1, post, false), data(1, Buffer.alloc(11), false));
    expect(await peer.resetOf(1)).toBe(errorCode.noError);
    expect(peer.of(1)).toEqual(["headers", "data", "headers!", "resetStream"]);
    // What the peer sent before it knew of that.
    peer.write(data(1, "late", false));
    await peer.ping();
    expect(peer.of(1)).toHaveLength(4);
  });

  test("whose body is too large for a handler that does not care is reset", async () => {
    const { port } = await serve((stream) => stream.collect({}, 10));
    const peer = await openPeer(port);
    peer.write(peer.headers(1, post, false), data(1, Buffer.alloc(11), false));
    expect(await peer.resetOf(1)).toBe(errorCode.enhanceYourCalm);
  });

  test("that the peer resets is reported once with its code", async () => {
    const { heard, onStream } = record("collect");
    const { port, accepted } = await serve(onStream);
    const peer = await openPeer(port);
    const reset = frame(frameType.resetStream, 0, 1, Buffer.from([0, 0, 0, 8]));
    peer.write(peer.headers(1, post, false), data(1, "part", false), reset, reset);
    await peer.ping();
    expect(heard[0]).toMatchObject({ aborts: [errorCode.cancel], isEnded: false });
    expect(accepted[0]).toMatchObject({ bufferedBytes: 0, openStreams: 0 });
    heard[0]?.stream.respond(header, Buffer.from("late"), trailer);
    await peer.ping();
    expect(peer.of(1)).toEqual([]);
  });

  test("in progress when the connection is lost is reported", async () => {
    const { heard, onStream } = record("receive");
    const { port, closed } = await serve(onStream);
    const peer = await openPeer(port);
    peer.write(peer.headers(1, post, false));
    await peer.ping();
    peer.socket.destroy();
    await vi.waitUntil(() => closed.length > 0, waitOptions);
    expect(heard[0]?.aborts).toEqual([errorCode.cancel]);
    expect(closed).toHaveLength(1);
  });

  test("that arrives beyond the concurrency is refused", async () => {
    const { heard, onStream } = record("collect");
    const { port } = await serve(onStream, { maxConcurrentStreams: 2 });
    const peer = await openPeer(port);
    peer.write(...[1, 3, 5].map((id) => peer.headers(id, post, false)));
    expect(await peer.resetOf(5)).toBe(errorCode.refusedStream);
    expect(heard).toHaveLength(2);
  });

  test("is reset with INTERNAL_ERROR when its handler throws", async () => {
    const { port, errors } = await serve((stream) => {
      if (stream.fields.path === "/") {
        throw new Error("on the header");
      }
      stream.collect({
        onEnd: () => {
          throw new Error("on the end");
        },
      });
    });
    const peer = await openPeer(port);
    const other = post.map(([name, value]) => [name, name === ":path" ? "/other" : value] as const);
    peer.write(peer.headers(1, post), peer.headers(3, other));
    expect(await peer.resetOf(1)).toBe(errorCode.internalError);
    expect(await peer.resetOf(3)).toBe(errorCode.internalError);
    expect(errors).toEqual([new Error("on the header"), new Error("on the end")]);
  });
});

describe("a response", () => {
  test("of many streams leaves in one chunk with the others of its turn", async () => {
    const { port } = await serve(echo);
    const peer = await openPeer(port);
    const before = peer.chunks;
    const ids = Array.from({ length: 50 }, (_, at) => 2 * at + 1);
    peer.write(...ids.flatMap((id) => [peer.headers(id, post, false), data(id, `body ${id}`)]));
    await Promise.all(ids.map((id) => peer.ended(id)));
    expect(peer.chunks - before).toBe(1);
    expect(ids.map((id) => peer.body(id).toString())).toEqual(ids.map((id) => `body ${id}`));
  });

  test.each([
    ["a body and no trailers", "body", 0, ["headers", "data!"]],
    ["no body and no trailers", "", 0, ["headers!"]],
    ["no body but trailers", "", trailer.length, ["headers", "headers!"]],
  ] as const)("with %s ends as it should", async (_, body, trailerBytes, frames) => {
    const { port } = await serve((stream) =>
      stream.respond(header, Buffer.from(body), trailer.subarray(0, trailerBytes)),
    );
    const peer = await openPeer(port);
    peer.write(peer.headers(1, get));
    await peer.ended(1);
    expect(peer.of(1)).toEqual(frames);
  });

  test("may have a prefix, an informational response before it, and many header frames", async () => {
    const long = encodeHeaderBlock([
      [":status", "200"],
      ["x-long", "l".repeat(40_000)],
    ]);
    const { port } = await serve((stream) => {
      stream.sendHeader(encodeHeaderBlock([[":status", "103"]]));
      stream.respond(long, Buffer.from("body"), trailer, Buffer.from("prefix "));
    });
    const peer = await openPeer(port);
    peer.write(peer.headers(1, get));
    await peer.ended(1);
    expect(peer.of(1)).toEqual([
      "headers",
      "headers",
      "continuation",
      "continuation",
      "data",
      "data",
      "headers!",
    ]);
    expect(peer.body(1).toString()).toBe("prefix body");
  });

  test("before the end of the request is followed by RST_STREAM with NO_ERROR", async () => {
    const { port } = await serve((stream) => stream.respond(header, Buffer.from("x"), trailer));
    const peer = await openPeer(port);
    peer.write(peer.headers(1, post, false));
    expect(await peer.resetOf(1)).toBe(errorCode.noError);
    peer.write(data(1, "late"), peer.headers(3, get));
    await peer.ended(3);
    expect(peer.of(1)).toEqual(["headers", "data", "headers!", "resetStream"]);
  });

  describe("before the end of the request, with `maxDroppedBytes`", () => {
    const respond = (stream: ServerStream) => stream.respond(header, Buffer.from("x"), trailer);
    const sent = ["headers", "data", "headers!"];

    test("is followed by no RST_STREAM when the request ends within them", async () => {
      const { port, accepted } = await serve(respond, { maxDroppedBytes: 10 });
      const peer = await openPeer(port);
      peer.write(peer.headers(1, post, false));
      await peer.ended(1);
      expect(accepted[0]?.openStreams).toBe(1);
      peer.write(data(1, "12345", false), data(1, "1234"));
      await peer.ping();
      expect(peer.of(1)).toEqual(sent);
      expect(accepted[0]?.openStreams).toBe(0);
    });

    test("is followed by RST_STREAM when the request has more", async () => {
      const { port, accepted } = await serve(respond, { maxDroppedBytes: 10 });
      const peer = await openPeer(port);
      peer.write(peer.headers(1, post, false), data(1, "123456", false), data(1, "12345", false));
      expect(await peer.resetOf(1)).toBe(errorCode.noError);
      expect(peer.of(1)).toEqual([...sent, "resetStream"]);
      expect(accepted[0]?.openStreams).toBe(0);
    });

    test("is followed by RST_STREAM when the rest does not come in time", async () => {
      const { port } = await serve(respond, { maxDroppedBytes: 10, bodyTimeoutMs: 40 });
      const peer = await openPeer(port);
      peer.write(peer.headers(1, post, false));
      expect(await peer.resetOf(1)).toBe(errorCode.noError);
    });

    test.each(["before", "after"])(
      "is followed by RST_STREAM when the handler says so %s it",
      async (when) => {
        const streams: ServerStream[] = [];
        const { port } = await serve(
          (stream) => {
            streams.push(stream);
            if (when === "before") {
              stream.resetAfterResponse();
            }
            respond(stream);
          },
          { maxDroppedBytes: 10 },
        );
        const peer = await openPeer(port);
        peer.write(peer.headers(1, post, false));
        await peer.ended(1);
        streams[0]?.resetAfterResponse();
        expect(await peer.resetOf(1)).toBe(errorCode.noError);
      },
    );

    test("does not delay a graceful shutdown", async () => {
      const { port, accepted, closed } = await serve(respond, { maxDroppedBytes: 10 });
      const peer = await openPeer(port);
      peer.write(peer.headers(1, post, false));
      await peer.ended(1);
      accepted[0]?.shutDown();
      expect(await peer.resetOf(1)).toBe(errorCode.noError);
      await vi.waitUntil(() => closed.length === 1, waitOptions);
    });
  });

  test("is reported once when it has been handed to the socket", async () => {
    const reported: string[] = [];
    const { port } = await serve((stream) => {
      stream.receive({
        onEnd: () => stream.respond(header, Buffer.from("x"), trailer),
        onSent: () => reported.push("sent"),
        onAbort: () => reported.push("aborted"),
      });
    });
    const peer = await openPeer(port);
    peer.write(peer.headers(1, get));
    await peer.ended(1);
    peer.socket.destroy();
    await vi.waitUntil(() => reported.length > 0, waitOptions);
    expect(reported).toEqual(["sent"]);
  });

  test("begins with an empty table after the peer made its table smaller", async () => {
    const { port } = await serve(echo);
    const peer = await openPeer(port);
    peer.write(settingsFrame([[setting.headerTableSize, 100]]), peer.headers(1, get));
    await peer.ended(1);
    const [first, second] = peer.frames.filter(({ streamId }) => streamId === 1);
    expect(first?.payload[0]).toBe(0x20);
    expect(second?.payload[0]).not.toBe(0x20);
  });
});

describe("flow control", () => {
  const large = Buffer.from(Array.from({ length: 200_000 }, (_, at) => at % 251));

  test("holds a body back until the peer widens both windows", async () => {
    const { port, accepted } = await serve((stream) => stream.respond(header, large, trailer));
    const peer = await openPeer(port);
    peer.write(peer.headers(1, get));
    await peer.ping();
    expect(peer.body(1)).toHaveLength(65_535);
    expect(accepted[0]?.bufferedBytes).toBe(large.length - 65_535 + trailer.length);
    peer.write(windowUpdateFrame(1, 200_000));
    await peer.ping();
    expect(peer.body(1)).toHaveLength(65_535);
    peer.write(windowUpdateFrame(0, 200_000));
    await peer.ended(1);
    expect(peer.body(1).equals(large)).toBe(true);
    expect(accepted[0]?.bufferedBytes).toBe(0);
  });

  test("follows a change of the initial window, also below zero", async () => {
    const { port } = await serve((stream) => stream.respond(header, large, trailer));
    const peer = await openPeer(port);
    peer.write(windowUpdateFrame(0, 1_000_000), peer.headers(1, get));
    await peer.ping();
    peer.write(settingsFrame([[setting.initialWindowSize, 10]]), windowUpdateFrame(1, 65_526));
    await peer.ping();
    // 10 - 65,535 + 65,526 leaves 1 byte.
    expect(peer.body(1)).toHaveLength(65_536);
    peer.write(settingsFrame([[setting.initialWindowSize, 300_000]]));
    await peer.ended(1);
    expect(peer.body(1).equals(large)).toBe(true);
  });

  test("shares the connection's window between streams", async () => {
    const { port } = await serve((stream) => stream.respond(header, large, trailer));
    const peer = await openPeer(port);
    peer.write(settingsFrame([[setting.initialWindowSize, 1_000_000]]));
    peer.write(peer.headers(1, get), peer.headers(3, get));
    await peer.ping();
    const before = peer.body(3).length;
    peer.write(windowUpdateFrame(0, 100_000));
    await peer.ping();
    // Both took turns, though the first had been waiting for longer.
    expect(peer.body(3).length - before).toBeGreaterThan(30_000);
  });

  test("lets the peer send on when bodies were collected, for as long as it likes", async () => {
    const { port } = await serve(echo);
    const peer = await openPeer(port);
    const part = Buffer.alloc(16_384, "u");
    peer.write(
      windowUpdateFrame(0, 2 ** 30),
      settingsFrame([[setting.initialWindowSize, 2 ** 30]]),
    );
    peer.write(peer.headers(1, post, false));
    // 3 MB are more than both windows.
    for (let sent = 0; sent < 192; sent += 8) {
      peer.write(...Array.from({ length: 8 }, () => data(1, part, false)));
      await peer.ping();
    }
    peer.write(data(1, "", true));
    await peer.ended(1);
    expect(peer.body(1)).toHaveLength(192 * 16_384);
  });

  test("rejects DATA beyond a stream's window, and beyond the connection's", async () => {
    const { onStream } = record("receive");
    const { port } = await serve(onStream, {
      streamWindowBytes: 65_535,
      connectionWindowBytes: 100_000,
    });
    const peer = await openPeer(port);
    const part = Buffer.alloc(16_384);
    const parts = (id: number, count: number) =>
      Array.from({ length: count }, () => data(id, part, false));
    peer.write(peer.headers(1, post, false), ...parts(1, 4));
    expect(await peer.resetOf(1)).toBe(errorCode.flowControlError);
    peer.write(...[3, 5].flatMap((id) => [peer.headers(id, post, false), ...parts(id, 3)]));
    await peer.ping();
    peer.write(peer.headers(7, post, false), ...parts(7, 3));
    expect(await peer.goAwayCode()).toBe(errorCode.flowControlError);
  });

  test("grants windows only for what a handler has released", async () => {
    const { heard, onStream } = record("receive");
    const { port, accepted } = await serve(onStream, { streamWindowBytes: 65_535 });
    const peer = await openPeer(port);
    peer.write(peer.headers(1, post, false), data(1, Buffer.alloc(16_000), false));
    peer.write(data(1, Buffer.alloc(16_000), false), data(1, Buffer.alloc(16_000), false));
    await peer.ping();
    const updates = () => peer.of(1).filter((type) => type === "windowUpdate").length;
    expect(updates()).toBe(0);
    expect(accepted[0]?.bufferedBytes).toBe(48_000);
    heard[0]?.stream.release(32_000);
    await peer.ping();
    expect(updates()).toBe(0);
    heard[0]?.stream.release(1_000);
    await peer.ping();
    expect(updates()).toBe(1);
    expect(accepted[0]?.bufferedBytes).toBe(15_000);
  });
});

describe("a streamed response", () => {
  test("cannot begin with its body", async () => {
    const { port, errors } = await serve((stream) => stream.sendData(Buffer.from("early")));
    const peer = await openPeer(port);
    peer.write(peer.headers(1, get));
    expect(await peer.resetOf(1)).toBe(errorCode.internalError);
    expect(errors).toEqual([expect.any(TypeError)]);
  });

  test("asks its handler to wait while the peer does not read, and goes on afterwards", async () => {
    const part = Buffer.alloc(10_000, "s");
    let sent = 0;
    const { port, accepted } = await serve((stream) => {
      const send = () => {
        while (sent < 1_000) {
          sent++;
          if (!stream.sendData(part)) {
            return;
          }
        }
        stream.sendTrailer(trailer);
      };
      stream.collect({ onDrain: send });
      stream.sendHeader(header);
      send();
    });
    const peer = await openPeer(port);
    peer.write(peer.headers(1, get));
    await peer.ping();
    const paused = sent;
    // The window's 65,535 bytes and the 64 KiB that may wait.
    expect(paused).toBeLessThan(16);
    expect(accepted[0]?.bufferedBytes).toBeLessThan(100_000);
    peer.write(windowUpdateFrame(1, 2 ** 30), windowUpdateFrame(0, 2 ** 30));
    await peer.ended(1);
    expect(peer.body(1)).toHaveLength(10_000_000);
  });

  test("of several streams is not starved by a fast one", async () => {
    const streams: ServerStream[] = [];
    const part = Buffer.alloc(8_000);
    const { port } = await serve((stream) => {
      streams.push(stream);
      const send = () => {
        while (stream.sendData(part)) {
          // Endless.
        }
      };
      stream.receive({ onDrain: send });
      stream.sendHeader(header);
      send();
    });
    const peer = await openPeer(port);
    peer.write(
      settingsFrame([[setting.initialWindowSize, 2 ** 30]]),
      windowUpdateFrame(0, 2 ** 30),
    );
    peer.write(peer.headers(1, get), peer.headers(3, get));
    await vi.waitUntil(() => [1, 3].every((id) => peer.body(id).length > 2_000_000), waitOptions);
    for (const stream of streams) {
      stream.reset();
    }
    expect(await peer.resetOf(3)).toBe(errorCode.cancel);
  });
});

test("serves any Duplex", async () => {
  const [client, server] = duplexPair();
  createServerConnection(server, {}, echo);
  const chunks: Buffer[] = [];
  client.on("data", (chunk: Buffer) => chunks.push(chunk));
  const headers = frame(frameType.headers, flag.endHeaders, 1, encodeHeaderBlock(post));
  client.write(
    Buffer.concat([preface, settingsFrame([]), settingsAck, headers, data(1, "duplex")]),
  );
  await vi.waitUntil(() => Buffer.concat(chunks).includes("duplex"), waitOptions);
  client.end();
  await vi.waitUntil(() => server.destroyed, waitOptions);
});

test.each([
  ["maxConcurrentStreams", 0],
  ["streamWindowBytes", 1_000],
  ["idleTimeoutMs", -1],
  ["maxHeaderBytes", Number.NaN],
])("rejects the option %s of %d", (name, value) => {
  const [, server] = duplexPair();
  expect(() => createServerConnection(server, { [name]: value }, echo)).toThrow(TypeError);
});
