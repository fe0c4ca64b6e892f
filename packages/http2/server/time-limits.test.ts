import { describe, expect, test, vi } from "vitest";
import { flag, frame, frameType, preface, settingsAck, settingsFrame } from "../frames.ts";
import type { RawPeer } from "../testing/raw-peer.ts";
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
import { encodeHeaderBlock, errorCode } from "./index.ts";

const waitOptions = { timeout: 10_000, interval: 5 };
const pingAck = (payload: Buffer) => frame(frameType.ping, flag.ack, 0, payload);

describe("closes a connection that", () => {
  test.each([
    ["sends nothing", Buffer.alloc(0)],
    ["sends only a part of the preface", preface.subarray(0, 10)],
    ["sends no SETTINGS", preface],
    ["does not acknowledge SETTINGS", Buffer.concat([preface, settingsFrame([])])],
  ])("%s", async (_, bytes) => {
    const { port } = await serve(echo, { handshakeTimeoutMs: 60 });
    const peer = await openPeer(port, false);
    peer.write(bytes);
    expect(await peer.goAwayCode()).toBe(errorCode.settingsTimeout);
  });

  test.each([
    ["a frame", data(1, "hello").subarray(0, 12)],
    ["a frame's header", data(1, "hello").subarray(0, 4)],
    ["a header block", frame(frameType.headers, 0, 3, encodeHeaderBlock(get))],
  ])("does not end %s", async (_, bytes) => {
    const { port } = await serve(record("collect").onStream, { frameTimeoutMs: 60 });
    const peer = await openPeer(port);
    peer.write(peer.headers(1, post, false), bytes);
    expect(await peer.goAwayCode()).toBe(errorCode.enhanceYourCalm);
  });

  test("sends a frame of one byte now and then", async () => {
    const { port } = await serve(record("collect").onStream, { frameTimeoutMs: 100 });
    const peer = await openPeer(port);
    peer.write(peer.headers(1, post, false));
    const bytes = data(1, Buffer.alloc(10_000));
    let at = 0;
    const drip = setInterval(() => peer.write(bytes.subarray(at, ++at)), 5);
    expect(await peer.goAwayCode().finally(() => clearInterval(drip))).toBe(
      errorCode.enhanceYourCalm,
    );
  });

  test("does not respond to a PING", async () => {
    const { heard, onStream } = record("collect");
    const { port, closed } = await serve(onStream, { pingIntervalMs: 50, pingTimeoutMs: 400 });
    const peer = await openPeer(port);
    peer.write(peer.headers(1, post, false));
    const { payload } = await peer.waitFor(({ type }) => type === frameType.ping);
    peer.write(pingAck(payload));
    await peer.waitFor((other) => other.type === frameType.ping && other.payload !== payload);
    await vi.waitUntil(() => peer.isClosed, waitOptions);
    expect(closed[0]?.code).toBe(errorCode.cancel);
    expect(heard[0]?.aborts).toEqual([errorCode.cancel]);
  });

  test("reads nothing", async () => {
    const { port, closed } = await serve(
      (stream) => stream.respond(header, Buffer.alloc(8 * 1_024 * 1_024), trailer),
      { sendTimeoutMs: 100 },
    );
    const peer = await openPeer(port);
    const widen = frame(frameType.windowUpdate, 0, 0, Buffer.from([0x3f, 0, 0, 0]));
    const settings = settingsFrame([[4, 2 ** 30]]);
    peer.write(widen, settings);
    await peer.ping();
    peer.socket.pause();
    peer.write(peer.headers(1, get), peer.headers(3, get));
    await vi.waitUntil(() => closed.length > 0, waitOptions);
    expect(closed[0]?.message).toContain("not read");
  });
});

describe("resets a stream that", () => {
  test("does not complete a body that is collected", async () => {
    const { heard, onStream } = record("collect");
    const { port, accepted } = await serve(onStream, { bodyTimeoutMs: 60 });
    const peer = await openPeer(port);
    peer.write(peer.headers(1, post, false), data(1, "part", false));
    expect(await peer.resetOf(1)).toBe(errorCode.cancel);
    expect(heard[0]?.aborts).toEqual([errorCode.cancel]);
    expect(accepted[0]?.bufferedBytes).toBe(0);
  });

  test("is granted no window for its response", async () => {
    const { port, accepted } = await serve(
      (stream) => stream.respond(header, Buffer.alloc(100_000), trailer),
      { sendTimeoutMs: 60 },
    );
    const peer = await openPeer(port);
    peer.write(peer.headers(1, get));
    expect(await peer.resetOf(1)).toBe(errorCode.cancel);
    expect(accepted[0]?.bufferedBytes).toBe(0);
  });
});

test("lets a stream in parts and its connection be silent for as long as they like", async () => {
  const { heard, onStream } = record("receive");
  const limits = {
    bodyTimeoutMs: 150,
    frameTimeoutMs: 150,
    handshakeTimeoutMs: 150,
    idleTimeoutMs: 150,
  };
  const { port, accepted } = await serve(onStream, limits);
  const peer = await openPeer(port);
  peer.write(peer.headers(1, post, false), data(1, "part", false));
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(accepted[0]).toMatchObject({ isClosed: false, openStreams: 1 });
  expect(heard[0]?.aborts).toEqual([]);
});

describe("a graceful shutdown", () => {
  /** Last stream identifiers of the GOAWAY frames so far. */
  const lastIds = (peer: RawPeer) =>
    peer.frames
      .filter(({ type }) => type === frameType.goAway)
      .map(({ payload }) => payload.readUInt32BE());

  test("accepts what was on its way, refuses what comes after, and ends with the last", async () => {
    const { heard, onStream } = record("collect");
    const { port, accepted, closed } = await serve(onStream);
    const peer = await openPeer(port);
    peer.write(peer.headers(1, post, false));
    await peer.ping();
    accepted[0]?.shutDown();
    accepted[0]?.shutDown();
    const { payload } = await peer.waitFor(
      ({ type, flags }) => type === frameType.ping && flags === 0,
    );
    expect(lastIds(peer)).toEqual([2 ** 31 - 1]);
    // Sent before the peer read the GOAWAY.
    peer.write(peer.headers(3, post, false), pingAck(payload));
    await vi.waitUntil(() => lastIds(peer).length === 2, waitOptions);
    expect(lastIds(peer)[1]).toBe(3);
    peer.write(peer.headers(5, post, false));
    expect(await peer.resetOf(5)).toBe(errorCode.refusedStream);
    expect(heard).toHaveLength(2);
    heard[0]?.stream.respond(header, Buffer.from("1"), trailer);
    heard[1]?.stream.respond(header, Buffer.from("3"), trailer);
    await peer.ended(3);
    expect(await peer.goAwayCode()).toBe(errorCode.noError);
    expect(closed).toEqual([expect.objectContaining({ code: errorCode.noError })]);
  });

  test("ends without the peer's acknowledgement, and with streams that do not end", async () => {
    const { heard, onStream } = record("collect");
    const { port, accepted } = await serve(onStream, { pingTimeoutMs: 30, drainTimeoutMs: 100 });
    const peer = await openPeer(port);
    peer.write(peer.headers(1, post, false));
    await peer.ping();
    accepted[0]?.shutDown();
    await vi.waitUntil(() => lastIds(peer).includes(1), waitOptions);
    expect(await peer.goAwayCode()).toBe(errorCode.noError);
    expect(heard[0]?.aborts).toEqual([errorCode.cancel]);
  });

  test.each([
    ["idle", { idleTimeoutMs: 60, pingTimeoutMs: 20 }],
    ["old", { maxAgeMs: 60, pingTimeoutMs: 20 }],
  ])("begins by itself when the connection is %s", async (_, options) => {
    const { port } = await serve(echo, options);
    const peer = await openPeer(port);
    expect(await peer.goAwayCode()).toBe(errorCode.noError);
    expect(lastIds(peer)[0]).toBe(2 ** 31 - 1);
  });

  test("by the peer lets its streams end", async () => {
    const { heard, onStream } = record("collect");
    const { port } = await serve(onStream);
    const peer = await openPeer(port);
    peer.write(peer.headers(1, post, false), frame(frameType.goAway, 0, 0, Buffer.alloc(8)));
    await peer.ping();
    heard[0]?.stream.respond(header, Buffer.from("done"), trailer);
    expect(await peer.goAwayCode()).toBe(errorCode.noError);
    expect(peer.body(1).toString()).toBe("done");
  });

  test("close() aborts what is in progress at once", async () => {
    const { heard, onStream } = record("collect");
    const { port, accepted } = await serve(onStream);
    const peer = await openPeer(port);
    peer.write(peer.headers(1, post, false), settingsAck);
    await peer.ping();
    accepted[0]?.close();
    expect(await peer.goAwayCode()).toBe(errorCode.noError);
    expect(heard[0]?.aborts).toEqual([errorCode.cancel]);
  });
});
