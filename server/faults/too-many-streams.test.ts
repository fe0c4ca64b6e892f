import { connect } from "node:net";
import { maxStreams } from "@unblock/connect/listener/limits";
import {
  flag,
  frame,
  frameType,
  headersFrames,
  preface,
  settingsFrame,
} from "@unblock/http2/frames";
import { HpackEncoder } from "@unblock/http2/hpack-encoder";
import { FrameReader } from "@unblock/http2/testing/frame-reader";
import { expect, test, vi } from "vitest";
import { impatientServers, sweepByHand } from "../testing/impatient-server.ts";
import {
  assertServes,
  grpc,
  hashPath,
  openSession,
  ping,
  UnendedRequest,
  waitOptions,
} from "../testing/unended-request.ts";

const rejectedStream = 7;
const enhanceYourCalm = 11;
/** Streams over the limit that a client may open before its connection is ended. */
const maxRefused = 1_000;

const sweep = sweepByHand();
const start = impatientServers();

test("holds back streams over the limit until others are closed, then serves them", async () => {
  const server = await start({ timeLimits: {} });
  const session = openSession(server.url);
  // After this call the client knows the limit.
  await assertServes(session);
  const stuck = Array.from(
    { length: maxStreams },
    () => new UnendedRequest(session, hashPath, grpc),
  );
  const others = Array.from({ length: 50 }, () => ping(session));
  const all = [...stuck, ...others];
  const closed: UnendedRequest[] = [];
  for (const request of all) {
    request.stream.once("close", () => closed.push(request));
  }
  await vi.waitUntil(() => server.holds().streams === maxStreams, waitOptions);
  await assertServes(openSession(server.url));
  expect(closed).toEqual([]);
  sweep();
  sweep();
  await Promise.all(all.map((request) => request.assertClosed()));
  expect(new Set(stuck.map(({ fields }) => fields["grpc-status"]))).toEqual(new Set(["4"]));
  expect(new Set(others.map(({ body }) => body))).toEqual(new Set(["{}"]));
  await vi.waitUntil(() => server.holds().streams === 0, waitOptions);
});

/** A client that opens more streams than allowed, and the frames it receives. */
class Greedy {
  readonly socket;
  readonly frames: { readonly type: number; readonly payload: Buffer }[] = [];

  /** @param knows whether the client acknowledges the limit */
  constructor(port: number, streams: number, knows: boolean) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("error", () => {});
    const reader = new FrameReader((type, flags, _, payload) => {
      this.frames.push({ type, payload });
      if (knows && type === frameType.settings && flags !== flag.ack) {
        this.socket.write(frame(frameType.settings, flag.ack, 0, Buffer.alloc(0)));
        this.#open(streams);
      }
    });
    this.socket.on("data", (data: Buffer) => reader.read(data));
    this.socket.write(Buffer.concat([preface, settingsFrame([])]));
    if (!knows) {
      this.#open(streams);
    }
  }

  #open(streams: number): void {
    const encoder = new HpackEncoder();
    for (let index = 0; index < streams; index++) {
      const block = encoder.encode([
        [":method", "POST"],
        [":scheme", "http"],
        [":authority", "x"],
        [":path", hashPath],
        ["content-type", "application/json"],
      ]);
      this.socket.write(headersFrames(2 * index + 1, block, false));
    }
  }

  /** Returns the error codes of all frames of a type, at an offset of their payload. */
  codes(type: number, at: number): number[] {
    return this.frames
      .filter((received) => received.type === type)
      .map(({ payload }) => payload.readUInt32BE(at));
  }
}

test("refuses streams over the limit of a client that can't know it", async () => {
  const server = await start({ timeLimits: {} });
  const greedy = new Greedy(server.port, maxStreams + 50, false);
  await vi.waitUntil(() => greedy.codes(frameType.resetStream, 0).length === 50, waitOptions);
  expect(new Set(greedy.codes(frameType.resetStream, 0))).toEqual(new Set([rejectedStream]));
  expect(server.holds().streams).toBe(maxStreams);
  await assertServes(openSession(server.url));
  greedy.socket.destroy();
  await vi.waitUntil(() => server.holds().streams === 0, waitOptions);
});

test("ends the connection of a client that ignores the limit", async () => {
  const server = await start({ timeLimits: {} });
  const greedy = new Greedy(server.port, maxStreams + maxRefused + 500, true);
  await vi.waitUntil(() => greedy.socket.closed, waitOptions);
  expect(greedy.codes(frameType.goAway, 4)).toEqual([enhanceYourCalm]);
  await vi.waitUntil(() => server.holds().streams === 0, waitOptions);
  await assertServes(openSession(server.url));
});
