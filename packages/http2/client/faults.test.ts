import { createServer as createHttp1Server } from "node:http";
import { listen } from "@unblock/test/listen";
import { describe, expect, test, vi } from "vitest";
import { errorCode } from "../errors.ts";
import {
  flag,
  frame,
  frameType,
  resetStreamFrame,
  setting,
  settingsFrame,
  windowUpdateFrame,
} from "../frames.ts";
import { open, type Peer, send, serve, serveFrames, serveSockets } from "../testing/client.ts";
import { closeLater } from "../testing/close-later.ts";

const { data, headers, priority, resetStream, settings, pushPromise, ping } = frameType;
const { goAway, windowUpdate, continuation } = frameType;
const { frameSizeError, protocolError, flowControlError, compressionError } = errorCode;
const { enhanceYourCalm } = errorCode;
const ok = Buffer.from([0x88]);
const bytes = (length: number, value = 0) => Buffer.alloc(length, value);

describe("a server that violates HTTP/2", () => {
  test.each<[string, number, Buffer]>([
    ["a frame larger than the maximum", frameSizeError, frame(data, 0, 1, bytes(16_385))],
    ["a PING of 7 bytes", frameSizeError, frame(ping, 0, 0, bytes(7))],
    ["SETTINGS of 5 bytes", frameSizeError, frame(settings, 0, 0, bytes(5))],
    ["an acknowledgement with a payload", frameSizeError, frame(settings, flag.ack, 0, bytes(6))],
    ["a GOAWAY of 7 bytes", frameSizeError, frame(goAway, 0, 0, bytes(7))],
    ["a RST_STREAM of 3 bytes", frameSizeError, frame(resetStream, 0, 1, bytes(3))],
    ["a WINDOW_UPDATE of 5 bytes", frameSizeError, frame(windowUpdate, 0, 0, bytes(5))],
    ["a PRIORITY of 4 bytes", frameSizeError, frame(priority, 0, 1, bytes(4))],
    [
      "HEADERS too short for its priority",
      frameSizeError,
      frame(headers, flag.priority | flag.endHeaders, 1, bytes(4)),
    ],
    ["padded DATA without a padding length", frameSizeError, frame(data, flag.padded, 1, bytes(0))],
    [
      "more padding than payload",
      protocolError,
      frame(headers, flag.padded | flag.endHeaders, 1, bytes(5, 5)),
    ],
    ["DATA without a stream", protocolError, frame(data, 0, 0, bytes(1))],
    ["HEADERS without a stream", protocolError, frame(headers, flag.endHeaders, 0, ok)],
    ["SETTINGS on a stream", protocolError, frame(settings, 0, 1, bytes(0))],
    ["a PING on a stream", protocolError, frame(ping, 0, 1, bytes(8))],
    ["a GOAWAY on a stream", protocolError, frame(goAway, 0, 1, bytes(8))],
    ["HEADERS of an unopened stream", protocolError, frame(headers, flag.endHeaders, 99, ok)],
    ["DATA of a stream with an even identifier", protocolError, frame(data, 0, 2, bytes(1))],
    ["a RST_STREAM of an unopened stream", protocolError, frame(resetStream, 0, 3, bytes(4))],
    ["a WINDOW_UPDATE of an unopened stream", protocolError, windowUpdateFrame(3, 1)],
    ["a WINDOW_UPDATE of 0 bytes", protocolError, windowUpdateFrame(0, 0)],
    [
      "a connection window larger than the maximum",
      flowControlError,
      windowUpdateFrame(0, 2 ** 31 - 1),
    ],
    [
      "a stream window larger than the maximum",
      flowControlError,
      windowUpdateFrame(1, 2 ** 31 - 1),
    ],
    [
      "an initial window larger than the maximum",
      flowControlError,
      settingsFrame([[setting.initialWindowSize, 2 ** 31]]),
    ],
    ["ENABLE_PUSH", protocolError, settingsFrame([[setting.enablePush, 1]])],
    ["PUSH_PROMISE", protocolError, frame(pushPromise, flag.endHeaders, 1, bytes(5))],
    [
      "CONTINUATION without a header block",
      protocolError,
      frame(continuation, flag.endHeaders, 1, ok),
    ],
    [
      "another frame in a header block",
      protocolError,
      Buffer.concat([frame(headers, 0, 1, ok), frame(ping, 0, 0, bytes(8))]),
    ],
    [
      "CONTINUATION of another stream",
      protocolError,
      Buffer.concat([frame(headers, 0, 1, ok), frame(continuation, flag.endHeaders, 3, ok)]),
    ],
    [
      "an invalid header block",
      compressionError,
      frame(headers, flag.endHeaders, 1, bytes(1, 0xc6)),
    ],
    [
      "endless empty CONTINUATION frames",
      enhanceYourCalm,
      Buffer.concat([
        frame(headers, 0, 1, ok),
        ...Array(10_000).fill(frame(continuation, 0, 1, bytes(0))),
      ]),
    ],
    [
      "an endless header block",
      enhanceYourCalm,
      Buffer.concat([
        frame(headers, 0, 1, ok),
        ...Array(17).fill(frame(continuation, 0, 1, bytes(16_384))),
      ]),
    ],
  ])("fails its requests, and GOAWAY has the error code: %s", async (_, code, malformed) => {
    const peers: Peer[] = [];
    const server = await serveFrames((peer) => {
      peers.push(peer);
      peer
        .onRequest((streamId) => {
          if (peers.length === 1) {
            peer.send(malformed);
          } else {
            peer.respond(streamId);
          }
        })
        .greet();
    });
    const transport = open(server.url);
    const broken = send(transport);
    await broken.ended;
    expect(broken.events).toEqual(["fail internal"]);
    // The connection is reopened.
    const next = send(transport);
    await next.ended;
    expect(next.events).toEqual(["head 200", "end"]);
    const goodbye = peers[0]?.framesOf(goAway) ?? [];
    expect(goodbye.map(({ payload }) => payload.readUInt32BE(4))).toEqual([code]);
  });

  test.each<[string, (peer: Peer, streamId: number) => void]>([
    ["a body without a header", (peer, id) => peer.sendData(id, "x")],
    ["no status", (peer, id) => peer.sendHeaders(id, [["a", "b"]])],
    ["a status that is not a number", (peer, id) => peer.sendHeaders(id, [[":status", "abc"]])],
    [
      "only an informational response",
      (peer, id) => peer.sendHeaders(id, [[":status", "100"]], true),
    ],
    [
      "trailers that do not end the response",
      (peer, id) => peer.sendHeaders(id, [[":status", "200"]]).sendHeaders(id, [["a", "b"]]),
    ],
  ])("fails only the request concerned: %s", async (_, respond) => {
    let peer: Peer | undefined;
    const server = await serveFrames((connected) => {
      peer = connected
        .onRequest((streamId) => {
          if (streamId === 1) {
            respond(connected, streamId);
          } else {
            connected.respond(streamId);
          }
        })
        .greet();
    });
    const transport = open(server.url);
    await transport.connect();
    const [wrong, right] = [send(transport), send(transport)];
    await Promise.all([wrong.ended, right.ended]);
    expect(wrong.events.at(-1)).toBe("fail internal");
    expect(right.events).toEqual(["head 200", "end"]);
    await vi.waitFor(() => expect(peer?.framesOf(resetStream)).toHaveLength(1));
    expect(peer?.framesOf(resetStream)[0]?.payload.readUInt32BE()).toBe(errorCode.protocolError);
    expect(server.connections()).toBe(1);
  });

  test("is disconnected when it floods pings and reads nothing", async () => {
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
    expect(flooded.events).toEqual(["fail internal"]);
  });
});

describe("a server that follows HTTP/2", () => {
  test("may send frames that the client ignores", async () => {
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
              // Padding of 3 bytes, a priority, and three fragments, one of them empty.
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
            // Late frames of a closed stream.
            .send(windowUpdateFrame(streamId, 10), resetStreamFrame(streamId, errorCode.noError))
            .sendHeaders(streamId, [["late", "trailer"]], true);
        })
        .greet();
    });
    const transport = open(server.url);
    for (let call = 0; call < 3; call++) {
      const completed = send(transport);
      await completed.ended;
      expect(completed.events).toEqual(["head 200", "end"]);
      expect(completed.header?.get("a")).toBe("b");
      expect(completed.body.toString()).toBe("hi");
    }
    expect(server.connections()).toBe(1);
    await vi.waitFor(() => expect(peer?.framesOf(ping)).toHaveLength(3));
    const acks = peer?.framesOf(ping).map(({ flags, payload }) => [flags, payload.toString()]);
    expect(acks).toEqual(Array(3).fill([flag.ack, "12345678"]));
  });

  test("may send single bytes", async () => {
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
    expect(call.events).toEqual(["head 200", "end"]);
    expect(call.body.toString()).toBe("hello");
  });

  test.each([
    [errorCode.refusedStream, "REFUSED_STREAM", "unavailable"],
    [errorCode.cancel, "CANCEL", "canceled"],
    [errorCode.enhanceYourCalm, "ENHANCE_YOUR_CALM", "resource_exhausted"],
    [errorCode.noError, "NO_ERROR", "internal"],
    [errorCode.protocolError, "PROTOCOL_ERROR", "internal"],
    [errorCode.internalError, "INTERNAL_ERROR", "internal"],
    [errorCode.http11Required, "HTTP_1_1_REQUIRED", "internal"],
  ] as const)("may reset a stream: %s, %s, becomes %s", async (code, name, failure) => {
    const server = await serve((stream) => stream.close(code));
    const call = send(open(server.url));
    await call.ended;
    expect(call.events).toEqual([`fail ${failure}`]);
    expect(call.failure?.message).toContain(name);
  });

  test("may reset a stream with an unknown error code", async () => {
    const server = await serveFrames((peer) => {
      peer.onRequest((streamId) => peer.send(frame(resetStream, 0, streamId, bytes(4, 1)))).greet();
    });
    const call = send(open(server.url));
    await call.ended;
    expect(call.failure?.code).toBe("internal");
    expect(call.failure?.message).toContain("16843009");
  });
});

describe("a server that does not speak HTTP/2", () => {
  test("is recognised as HTTP/1.1", async () => {
    const endpoint = await listen(createHttp1Server((_, response) => response.end()));
    closeLater(() => endpoint.close());
    await expect(open(endpoint.url, 2).connect()).rejects.toThrow(
      /"HTTP\/1.1 \d+ [\w ]+".* --http 1.1/,
    );
  });

  test.each([
    "SSH-2.0-OpenSSH_10.0\r\n",
    frame(ping, 0, 0, bytes(8)),
    frame(settings, flag.ack, 0, bytes(0)),
  ])("fails connect and later requests: %j", async (bytes) => {
    const server = await serveSockets((socket) => socket.write(bytes));
    const transport = open(server.url);
    await expect(transport.connect()).rejects.toThrow();
    const call = send(transport);
    await call.ended;
    expect(call.events).toEqual(["fail internal"]);
  });

  test("fails connect when it closes at once", async () => {
    const server = await serveSockets((socket) => socket.end());
    await expect(open(server.url).connect()).rejects.toThrow(server.url);
  });

  test("fails connect after 5 s without settings", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const greeted = Promise.withResolvers<void>();
      const server = await serveSockets((socket) => socket.once("data", () => greeted.resolve()));
      const connecting = open(server.url).connect();
      const failed = expect(connecting).rejects.toThrow(server.url);
      await vi.advanceTimersByTimeAsync(1);
      await greeted.promise;
      await vi.advanceTimersByTimeAsync(5_000);
      await failed;
    } finally {
      vi.useRealTimers();
    }
  });
});
