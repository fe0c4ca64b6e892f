import { createServer as createHttp1Server } from "node:http";
import { describe, expect, test, vi } from "vitest";
import { listen } from "../../../testing/listen.ts";
import {
  type ErrorCode,
  errorCodeNumber,
  flag,
  frame,
  frameType,
  resetStreamFrame,
  setting,
  settingsFrame,
  windowUpdateFrame,
} from "./frames.ts";
import { closeLater, open, type Peer, send, serve, serveFrames, serveSockets } from "./testing.ts";

const { data, headers, priority, resetStream, settings, pushPromise, ping } = frameType;
const { goAway, windowUpdate, continuation } = frameType;
const ok = Buffer.from([0x88]);
const bytes = (length: number, value = 0) => Buffer.alloc(length, value);

describe("a server that breaks HTTP/2", () => {
  test.each<[string, ErrorCode, string, Buffer]>([
    [
      "a frame that is too large",
      "FRAME_SIZE_ERROR",
      "a frame of type 0 with 16385 bytes",
      frame(data, 0, 1, bytes(16_385)),
    ],
    [
      "a PING of 7 bytes",
      "FRAME_SIZE_ERROR",
      "a frame of type 6 with 7 bytes",
      frame(ping, 0, 0, bytes(7)),
    ],
    [
      "SETTINGS of 5 bytes",
      "FRAME_SIZE_ERROR",
      "a frame of type 4 with 5 bytes",
      frame(settings, 0, 0, bytes(5)),
    ],
    [
      "an acknowledgement that says something",
      "FRAME_SIZE_ERROR",
      "a frame of type 4 with 6 bytes",
      frame(settings, flag.ack, 0, bytes(6)),
    ],
    [
      "a GOAWAY of 7 bytes",
      "FRAME_SIZE_ERROR",
      "a frame of type 7 with 7 bytes",
      frame(goAway, 0, 0, bytes(7)),
    ],
    [
      "a RST_STREAM of 3 bytes",
      "FRAME_SIZE_ERROR",
      "a frame of type 3 with 3 bytes",
      frame(resetStream, 0, 1, bytes(3)),
    ],
    [
      "a WINDOW_UPDATE of 5 bytes",
      "FRAME_SIZE_ERROR",
      "a frame of type 8 with 5 bytes",
      frame(windowUpdate, 0, 0, bytes(5)),
    ],
    [
      "a PRIORITY of 4 bytes",
      "FRAME_SIZE_ERROR",
      "a frame of type 2 with 4 bytes",
      frame(priority, 0, 1, bytes(4)),
    ],
    [
      "HEADERS too short for a priority",
      "FRAME_SIZE_ERROR",
      "HEADERS of 4 bytes",
      frame(headers, flag.priority | flag.endHeaders, 1, bytes(4)),
    ],
    [
      "DATA too short for padding",
      "FRAME_SIZE_ERROR",
      "a padded frame of 0 bytes",
      frame(data, flag.padded, 1, bytes(0)),
    ],
    [
      "more padding than frame",
      "PROTOCOL_ERROR",
      "more padding than there is frame",
      frame(headers, flag.padded | flag.endHeaders, 1, bytes(5, 5)),
    ],
    [
      "DATA of no stream",
      "PROTOCOL_ERROR",
      "without a stream's number",
      frame(data, 0, 0, bytes(1)),
    ],
    [
      "HEADERS of no stream",
      "PROTOCOL_ERROR",
      "without a stream's number",
      frame(headers, flag.endHeaders, 0, ok),
    ],
    [
      "SETTINGS of a stream",
      "PROTOCOL_ERROR",
      "with a stream's number",
      frame(settings, 0, 1, bytes(0)),
    ],
    ["a PING of a stream", "PROTOCOL_ERROR", "with a stream's number", frame(ping, 0, 1, bytes(8))],
    [
      "a GOAWAY of a stream",
      "PROTOCOL_ERROR",
      "with a stream's number",
      frame(goAway, 0, 1, bytes(8)),
    ],
    [
      "HEADERS of a stream that was never opened",
      "PROTOCOL_ERROR",
      "a frame of stream 99, which was never opened",
      frame(headers, flag.endHeaders, 99, ok),
    ],
    [
      "DATA of a stream of its own",
      "PROTOCOL_ERROR",
      "a frame of stream 2, which was never opened",
      frame(data, 0, 2, bytes(1)),
    ],
    [
      "a RST_STREAM of a stream that was never opened",
      "PROTOCOL_ERROR",
      "a frame of stream 3",
      frame(resetStream, 0, 3, bytes(4)),
    ],
    [
      "a WINDOW_UPDATE of a stream that was never opened",
      "PROTOCOL_ERROR",
      "a frame of stream 3",
      windowUpdateFrame(3, 1),
    ],
    [
      "a WINDOW_UPDATE by nothing",
      "PROTOCOL_ERROR",
      "a WINDOW_UPDATE by 0 bytes",
      windowUpdateFrame(0, 0),
    ],
    [
      "a window that is too large",
      "FLOW_CONTROL_ERROR",
      "a window of 2147549180 bytes",
      windowUpdateFrame(0, 2 ** 31 - 1),
    ],
    [
      "a stream's window that is too large",
      "FLOW_CONTROL_ERROR",
      "a window of 2147549180 bytes",
      windowUpdateFrame(1, 2 ** 31 - 1),
    ],
    [
      "a first window that is too large",
      "FLOW_CONTROL_ERROR",
      "a window of 2147483648 bytes",
      settingsFrame([[setting.initialWindowSize, 2 ** 31]]),
    ],
    [
      "leave to push",
      "PROTOCOL_ERROR",
      "the setting ENABLE_PUSH",
      settingsFrame([[setting.enablePush, 1]]),
    ],
    [
      "a push",
      "PROTOCOL_ERROR",
      "a pushed response, which was refused",
      frame(pushPromise, flag.endHeaders, 1, bytes(5)),
    ],
    [
      "a continuation of nothing",
      "PROTOCOL_ERROR",
      "the continuation of no header block",
      frame(continuation, flag.endHeaders, 1, ok),
    ],
    [
      "another frame in a header block",
      "PROTOCOL_ERROR",
      "another frame within a header block",
      Buffer.concat([frame(headers, 0, 1, ok), frame(ping, 0, 0, bytes(8))]),
    ],
    [
      "a continuation of another block",
      "PROTOCOL_ERROR",
      "another frame within a header block",
      Buffer.concat([frame(headers, 0, 1, ok), frame(continuation, flag.endHeaders, 3, ok)]),
    ],
    [
      "a header block that is none",
      "COMPRESSION_ERROR",
      "the header field of index 70, which is none",
      frame(headers, flag.endHeaders, 1, bytes(1, 0xc6)),
    ],
    [
      "empty continuations for ever",
      "ENHANCE_YOUR_CALM",
      "a header block of more than 262144 bytes",
      Buffer.concat([
        frame(headers, 0, 1, ok),
        ...Array(10_000).fill(frame(continuation, 0, 1, bytes(0))),
      ]),
    ],
    [
      "a header that never ends",
      "ENHANCE_YOUR_CALM",
      "a header block of more than 262144 bytes",
      Buffer.concat([
        frame(headers, 0, 1, ok),
        ...Array(17).fill(frame(continuation, 0, 1, bytes(16_384))),
      ]),
    ],
  ])("is told so: %s", async (_, code, message, malformed) => {
    const peers: Peer[] = [];
    const server = await serveFrames((peer) => {
      peers.push(peer);
      peer
        .onRequest((streamId) => {
          if (peers.length === 1) {
            peer.send(malformed);
          } else {
            peer.answer(streamId);
          }
        })
        .greet();
    });
    const transport = open(server.url);
    const broken = send(transport);
    await broken.ended;
    expect(broken.told).toEqual(["fail internal"]);
    expect(broken.failure?.message).toMatch(/^The server broke HTTP\/2: it sent /);
    expect(broken.failure?.message).toContain(message);
    // The connection is made again.
    const next = send(transport);
    await next.ended;
    expect(next.told).toEqual(["head 200", "end"]);
    const goodbye = peers[0]?.framesOf(goAway) ?? [];
    expect(goodbye.map(({ payload }) => payload.readUInt32BE(4))).toEqual([errorCodeNumber(code)]);
  });

  test.each<[string, string, (peer: Peer, streamId: number) => void]>([
    [
      "a body without a header",
      "the body of a response before its header",
      (peer, id) => peer.sendData(id, "x"),
    ],
    ["no status", "a response without a status", (peer, id) => peer.sendHeaders(id, [["a", "b"]])],
    [
      "a strange status",
      "a response without a status",
      (peer, id) => peer.sendHeaders(id, [[":status", "abc"]]),
    ],
    [
      "nothing but information",
      "a response without a status",
      (peer, id) => peer.sendHeaders(id, [[":status", "100"]], true),
    ],
    [
      "trailers in the middle",
      "trailers that are not the end of the response",
      (peer, id) => peer.sendHeaders(id, [[":status", "200"]]).sendHeaders(id, [["a", "b"]]),
    ],
  ])("fails only the call that it concerns: %s", async (_, message, answer) => {
    let peer: Peer | undefined;
    const server = await serveFrames((connected) => {
      peer = connected
        .onRequest((streamId) => {
          if (streamId === 1) {
            answer(connected, streamId);
          } else {
            connected.answer(streamId);
          }
        })
        .greet();
    });
    const transport = open(server.url);
    await transport.connect();
    const [wrong, right] = [send(transport), send(transport)];
    await Promise.all([wrong.ended, right.ended]);
    expect(wrong.told.at(-1)).toBe("fail internal");
    expect(wrong.failure?.message).toBe(`The server broke HTTP/2: it sent ${message}`);
    expect(right.told).toEqual(["head 200", "end"]);
    await vi.waitFor(() => expect(peer?.framesOf(resetStream)).toHaveLength(1));
    expect(peer?.framesOf(resetStream)[0]?.payload.readUInt32BE()).toBe(
      errorCodeNumber("PROTOCOL_ERROR"),
    );
    expect(server.connections()).toBe(1);
  });

  test("is cut off when it floods and does not listen", async () => {
    const server = await serveFrames((peer) => {
      peer.onRequest(() => {
        peer.socket.pause();
        const pings = Buffer.concat(Array(5_000).fill(frame(ping, 0, 0, bytes(8))));
        const flood = () => {
          while (!peer.socket.destroyed && peer.socket.write(pings)) {}
        };
        peer.socket.on("drain", flood);
        flood();
      });
      peer.greet();
    });
    const flooded = send(open(server.url));
    await flooded.ended;
    expect(flooded.told).toEqual(["fail internal"]);
    expect(flooded.failure?.message).toBe(
      "The server broke HTTP/2: it sent 10000 frames whose answers it ignores",
    );
  });
});

describe("a server that keeps to HTTP/2", () => {
  test("may send what we have no use for", async () => {
    let peer: Peer | undefined;
    const server = await serveFrames((connected) => {
      peer = connected
        .onRequest((streamId) => {
          connected
            .send(
              frame(99, 0xff, 0, bytes(20)),
              frame(priority, 0, streamId, bytes(5)),
              frame(ping, 0, 0, Buffer.from("12345678")),
              frame(ping, flag.ack, 0, bytes(8)),
              settingsFrame([[77, 1]]),
              frame(settings, flag.ack, 0, bytes(0)),
              // Padded by three, with a priority, in three parts of which one is empty.
              frame(
                headers,
                flag.padded | flag.priority,
                streamId,
                Buffer.concat([bytes(1, 3), bytes(5), ok, bytes(3)]),
              ),
              frame(continuation, 0, streamId, bytes(0)),
              frame(continuation, flag.endHeaders, streamId, Buffer.from("\0\u0001a\u0001b")),
              frame(data, 0, streamId, bytes(0)),
            )
            .sendData(streamId, "hi", true)
            // Late frames of a stream that is over.
            .send(windowUpdateFrame(streamId, 10), resetStreamFrame(streamId, "NO_ERROR"))
            .sendHeaders(streamId, [["late", "trailer"]], true);
        })
        .greet();
    });
    const transport = open(server.url);
    for (let call = 0; call < 3; call++) {
      const answered = send(transport);
      await answered.ended;
      expect(answered.told).toEqual(["head 200", "end"]);
      expect(answered.header?.get("a")).toBe("b");
      expect(answered.body.toString()).toBe("hi");
    }
    expect(server.connections()).toBe(1);
    await vi.waitFor(() => expect(peer?.framesOf(ping)).toHaveLength(3));
    const acks = peer?.framesOf(ping).map(({ flags, payload }) => [flags, payload.toString()]);
    expect(acks).toEqual(Array(3).fill([flag.ack, "12345678"]));
  });

  test("may send byte by byte", async () => {
    const server = await serveFrames((peer) => {
      const { socket } = peer;
      socket.setNoDelay(true);
      peer
        .onRequest((streamId) => {
          const response = Buffer.concat([
            frame(headers, flag.endHeaders, streamId, ok),
            frame(data, flag.endStream, streamId, Buffer.from("hello")),
          ]);
          let at = 0;
          const next = () => {
            if (at < response.length) {
              socket.write(response.subarray(at, ++at), () => setImmediate(next));
            }
          };
          next();
        })
        .greet();
    });
    const call = send(open(server.url));
    await call.ended;
    expect(call.told).toEqual(["head 200", "end"]);
    expect(call.body.toString()).toBe("hello");
  });

  test.each([
    ["REFUSED_STREAM", "unavailable"],
    ["CANCEL", "canceled"],
    ["ENHANCE_YOUR_CALM", "resource_exhausted"],
    ["NO_ERROR", "internal"],
    ["PROTOCOL_ERROR", "internal"],
    ["INTERNAL_ERROR", "internal"],
  ] as const)("may reset a stream: %s is %s", async (name, code) => {
    const server = await serve((stream) => stream.close(errorCodeNumber(name)));
    const call = send(open(server.url));
    await call.ended;
    expect(call.told).toEqual([`fail ${code}`]);
    expect(call.failure?.message).toBe(`The server reset the stream: ${name}`);
  });

  test("may reset a stream for a reason of its own", async () => {
    const server = await serveFrames((peer) => {
      peer.onRequest((streamId) => peer.send(frame(resetStream, 0, streamId, bytes(4, 1)))).greet();
    });
    const call = send(open(server.url));
    await call.ended;
    expect(call.failure).toEqual({
      code: "internal",
      message: "The server reset the stream: error 16843009",
    });
  });
});

describe("a server that speaks something else", () => {
  test("is told from HTTP/2 by Node's HTTP/1.1", async () => {
    const endpoint = await listen(createHttp1Server((_, response) => response.end()));
    closeLater(() => endpoint.close());
    await expect(open(endpoint.url, 2).connect()).rejects.toThrow(
      /^Expected HTTP\/2, got "HTTP\/1.1 \d+ [\w ]+"; try --http 1.1$/,
    );
  });

  test.each([
    [
      "SSH-2.0-OpenSSH_10.0\r\n",
      /^The server broke HTTP\/2: it sent "SSH-2.0-OpenSSH_10.0" before its settings; does it speak HTTP\/2\?$/,
    ],
    [frame(ping, 0, 0, bytes(8)), /before its settings/],
    [frame(settings, flag.ack, 0, bytes(0)), /before its settings/],
  ])("is told from HTTP/2: %j", async (words, message) => {
    const server = await serveSockets((socket) => socket.write(words));
    const transport = open(server.url);
    await expect(transport.connect()).rejects.toThrow(message);
    const call = send(transport);
    await call.ended;
    expect(call.told).toEqual(["fail internal"]);
    expect(call.failure?.message).toMatch(message);
  });

  test("is told when it closes at once", async () => {
    const server = await serveSockets((socket) => socket.end());
    await expect(open(server.url).connect()).rejects.toThrow(
      `No connection to ${server.url}: the server closed the connection`,
    );
  });

  test("is not waited for long when it says nothing", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const greeted = Promise.withResolvers<void>();
      const server = await serveSockets((socket) => socket.once("data", () => greeted.resolve()));
      const connecting = open(server.url).connect();
      const failed = expect(connecting).rejects.toThrow(
        `No connection to ${server.url}: it said nothing within 5 s; does it speak HTTP/2?`,
      );
      await vi.advanceTimersByTimeAsync(1);
      await greeted.promise;
      await vi.advanceTimersByTimeAsync(5_000);
      await failed;
    } finally {
      vi.useRealTimers();
    }
  });
});
