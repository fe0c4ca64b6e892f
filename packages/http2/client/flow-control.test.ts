import { describe, expect, test, vi } from "vitest";
import { flag, frame, frameType, setting, settingsFrame, windowUpdateFrame } from "../frames.ts";
import { echo, open, type Peer, send, serve, serveFrames } from "../testing/client.ts";

// A window small enough for a test to fill it.
vi.mock("./limits.ts", async (importOriginal) => ({
  ...(await importOriginal<typeof import("./limits.ts")>()),
  receiveWindowBytes: 100_000,
}));

const megabyte = Buffer.alloc(1_000_000, "all work and no play ");

/** Body bytes that the client has sent, on one stream or on all. */
function sentTo(peer: Peer | undefined, streamId?: number): number {
  return (peer?.framesOf(frameType.data) ?? [])
    .filter((data) => streamId === undefined || data.streamId === streamId)
    .reduce((sum, { payload }) => sum + payload.length, 0);
}

describe("the windows of the server", () => {
  test.each([
    ["default windows", 65_535, megabyte],
    ["windows of 10 bytes", 10, megabyte.subarray(0, 2_000)],
    ["windows of 0 bytes that grow later", 0, megabyte.subarray(0, 2_000)],
  ])("are not exceeded: %s", async (_, initialWindowSize, body) => {
    const server = await serve(
      (stream) => {
        if (initialWindowSize === 0) {
          stream.session?.settings({ initialWindowSize: 500 });
        }
        echo(stream);
      },
      { settings: { initialWindowSize } },
    );
    const transport = open(server.url);
    await transport.connect();
    const calls = [send(transport, {}, body), send(transport, {}, body), send(transport, {}, "")];
    await Promise.all(calls.map(({ ended }) => ended));
    expect(calls.map(({ events }) => events)).toEqual(
      Array(3).fill(["head 200", "trailers 0", "end"]),
    );
    expect(calls.map(({ body: got }) => got.length)).toEqual([body.length, body.length, 0]);
    expect(calls[0]?.body.equals(body)).toBe(true);
  });

  test("include a window of the connection", async () => {
    let peer: Peer | undefined;
    const server = await serveFrames((connected) => {
      peer = connected.greet([setting.initialWindowSize, 1_000_000]);
    });
    const transport = open(server.url);
    await transport.connect();
    send(transport, {}, megabyte.subarray(0, 50_000));
    send(transport, {}, megabyte.subarray(0, 50_000));
    await vi.waitFor(() => expect(sentTo(peer)).toBe(65_535));
    expect(sentTo(peer, 1)).toBe(50_000);
    peer?.send(windowUpdateFrame(0, 100_000));
    await vi.waitFor(() => expect(sentTo(peer)).toBe(100_000));
    const data = peer?.framesOf(frameType.data) ?? [];
    expect(Math.max(...data.map(({ payload }) => payload.length))).toBe(16_384);
    expect(
      data.filter(({ flags }) => flags & flag.endStream).map(({ streamId }) => streamId),
    ).toEqual([1, 3]);
  });

  test("may shrink below the sent bytes and grow again", async () => {
    let peer: Peer | undefined;
    const server = await serveFrames((connected) => {
      peer = connected.greet([setting.initialWindowSize, 100]);
    });
    const transport = open(server.url);
    await transport.connect();
    const call = send(transport, {}, "x".repeat(150));
    await vi.waitFor(() => expect(sentTo(peer)).toBe(100));
    // The window is now -60, then 0, then 20.
    peer?.send(settingsFrame([[setting.initialWindowSize, 40]]), windowUpdateFrame(1, 60));
    peer?.send(windowUpdateFrame(1, 20));
    await vi.waitFor(() => expect(sentTo(peer)).toBe(120));
    expect(peer?.framesOf(frameType.settings)).toHaveLength(3);
    peer?.send(settingsFrame([[setting.initialWindowSize, 70]]));
    await vi.waitFor(() => expect(sentTo(peer)).toBe(150));
    peer?.respond(1);
    await call.ended;
    expect(call.events).toEqual(["head 200", "end"]);
  });

  test("do not delay other requests", async () => {
    const server = await serveFrames((peer) => {
      peer
        .onRequest((streamId) => {
          if (streamId === 3) {
            peer.respond(streamId);
          }
        })
        .greet([setting.initialWindowSize, 5]);
    });
    const transport = open(server.url);
    await transport.connect();
    const stuck = send(transport, {}, "longer than that");
    const call = send(transport, {}, "short");
    await call.ended;
    expect(call.events).toEqual(["head 200", "end"]);
    expect(stuck.events).toEqual([]);
  });

  test("stop a body whose response is already complete", async () => {
    let peer: Peer | undefined;
    const server = await serveFrames((connected) => {
      peer = connected
        .onRequest((streamId) => connected.respond(streamId))
        .greet([setting.initialWindowSize, 10]);
    });
    const transport = open(server.url);
    await transport.connect();
    const call = send(transport, {}, megabyte);
    await call.ended;
    expect(call.events).toEqual(["head 200", "end"]);
    peer?.send(windowUpdateFrame(1, 1_000));
    await send(transport, {}, "").ended;
    expect(sentTo(peer, 1)).toBe(10);
    const resets = peer?.framesOf(frameType.resetStream) ?? [];
    expect(resets.map(({ streamId, payload }) => [streamId, payload.readUInt32BE()])).toEqual([
      [1, 0],
    ]);
  });
});

describe("the windows of the client", () => {
  test("are extended while data arrives, also for cancelled requests", async () => {
    const server = await serve((stream) => {
      stream.respond({ ":status": 200 });
      stream.end(megabyte);
    });
    const transport = open(server.url);
    const cancelled = send(transport);
    await cancelled.headed;
    cancelled.sending.cancel();
    // Each is ten windows long.
    const calls = [send(transport), send(transport)];
    await Promise.all(calls.map(({ ended }) => ended));
    expect(calls.map(({ body }) => body.equals(megabyte))).toEqual([true, true]);
  });

  test("count padding, which the receiver does not get", async () => {
    let peer: Peer | undefined;
    const server = await serveFrames((connected) => {
      peer = connected
        .onRequest((streamId) => {
          connected.sendHeaders(streamId, [[":status", "200"]]);
          const payload = Buffer.concat([Buffer.from([200]), Buffer.from("hi"), Buffer.alloc(200)]);
          for (let sent = 0; sent < 300; sent++) {
            connected.send(frame(frameType.data, flag.padded, streamId, payload));
          }
          connected.sendData(streamId, "", true);
        })
        .greet();
    });
    const call = send(open(server.url));
    await call.ended;
    expect(call.body.toString()).toBe("hi".repeat(300));
    // 300 frames of 203 bytes; half a window is 50,000.
    await vi.waitFor(() => expect(peer?.framesOf(frameType.windowUpdate)).toHaveLength(3));
    const updates = peer?.framesOf(frameType.windowUpdate) ?? [];
    expect(updates.map(({ streamId, payload }) => [streamId, payload.readUInt32BE()])).toEqual([
      [0, 100_000 - 65_535],
      [0, 247 * 203],
      [1, 247 * 203],
    ]);
  });
});
