import { describe, expect, test, vi } from "vitest";
import { frame, frameType, preface, setting, settingsFrame, windowUpdateFrame } from "../frames.ts";
import { floods, insertion, oddIds, times } from "../testing/floods.ts";
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
import { type ConnectionOptions, encodeHeaderBlock, errorCode, MemoryBudget } from "./index.ts";

const waitOptions = { timeout: 20_000, interval: 5 };
const mebibyte = 1_024 * 1_024;
/** What an attack may leave in memory: the peer of the test keeps its own frames in the same process. */
const maxGrowthBytes = 60 * mebibyte;

const ping = frame(frameType.ping, 0, 0, Buffer.alloc(8));

/** Runs an attack on a server, which must serve another connection meanwhile and grow little. */
async function attack(
  options: ConnectionOptions,
  run: (peer: RawPeer) => Promise<void> | void,
): Promise<{ code: number | undefined; frames: number }> {
  const { heard, onStream } = record("collect");
  const service = await serve(
    (stream) => (stream.fields.method === "GET" ? echo : onStream)(stream),
    options,
  );
  const before = process.memoryUsage();
  const peer = await openPeer(service.port);
  await run(peer);
  const code = await peer.goAwayCode();
  const after = process.memoryUsage();
  expect(after.external - before.external).toBeLessThan(maxGrowthBytes);
  expect(service.accepted[0]).toMatchObject({ isClosed: true, openStreams: 0, bufferedBytes: 0 });
  expect(service.closed).toEqual([expect.objectContaining({ code })]);
  // Each of the handlers was told, once.
  expect(heard.every(({ aborts }) => aborts.length === 1)).toBe(true);
  const other = await openPeer(service.port);
  other.write(other.headers(1, get));
  await other.ended(1);
  return { code, frames: peer.frames.length };
}

test.each(Object.entries(floods))(
  "ends the connection with ENHANCE_YOUR_CALM at %s",
  async (_, flood) => {
    expect((await attack({}, (peer) => peer.write(flood()))).code).toBe(errorCode.enhanceYourCalm);
  },
);

test("ends the connection with ENHANCE_YOUR_CALM at a header block of many bytes", async () => {
  const { code } = await attack({ maxContinuations: 1_000 }, (peer) => {
    const fields = frame(frameType.continuation, 0, 1, Buffer.alloc(1_000, 0x82));
    peer.write(frame(frameType.headers, 0, 1, encodeHeaderBlock(post)), times(100, fields));
  });
  expect(code).toBe(errorCode.enhanceYourCalm);
});

test("resets requests whose header is too large, and ends the connection when there are many", async () => {
  const { code, frames } = await attack({}, (peer) => {
    const block = Buffer.concat([encodeHeaderBlock(post), insertion, Buffer.alloc(10, 0xbe)]);
    peer.write(...oddIds(1_100).map((id) => frame(frameType.headers, 5, id, block)));
  });
  expect(code).toBe(errorCode.enhanceYourCalm);
  expect(frames).toBeGreaterThan(1_000);
});

test("serves requests that churn the header table, in bounded memory", async () => {
  const { port } = await serve(echo);
  const peer = await openPeer(port);
  const before = process.memoryUsage().heapUsed;
  const target = encodeHeaderBlock(get);
  for (let round = 0; round < 50; round++) {
    const ids = oddIds(100).map((id) => 200 * round + id);
    peer.write(
      ...ids.map((id) => {
        const fields = Array.from({ length: 40 }, (_, at) => {
          const text = Buffer.from(`x-${id}-${at}`);
          const string = Buffer.concat([Buffer.of(text.length), text]);
          return Buffer.concat([Buffer.of(0x40), string, string]);
        });
        // The table is emptied and opened again each time, and its fields are evicted.
        const sizes = Buffer.from("203fe11f", "hex");
        return frame(frameType.headers, 5, id, Buffer.concat([sizes, target, ...fields]));
      }),
    );
    await peer.ended(ids.at(-1) ?? 0);
  }
  globalThis.gc?.();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(maxGrowthBytes);
});

describe("a peer that reads nothing", () => {
  test("has its responses held back, within the connection's buffer", async () => {
    const part = Buffer.alloc(mebibyte);
    const options = { maxBufferedBytes: 4 * mebibyte };
    const { heard, onStream } = record("collect");
    const { port, accepted } = await serve((stream) => {
      onStream(stream);
      stream.respond(header, part, trailer);
    }, options);
    const peer = await openPeer(port);
    peer.write(
      settingsFrame([[setting.initialWindowSize, 2 ** 30]]),
      windowUpdateFrame(0, 2 ** 30),
    );
    await peer.ping();
    peer.socket.pause();
    peer.write(...oddIds(90).map((id) => peer.headers(id, post)));
    await vi.waitUntil(() => heard.length === 90, waitOptions);
    await vi.waitUntil(() => (accepted[0]?.openStreams ?? 90) <= 5, waitOptions);
    expect(accepted[0]?.bufferedBytes).toBeLessThanOrEqual(4 * mebibyte);
    peer.socket.resume();
    // Those that were kept are served, and the others were reset.
    await vi.waitUntil(() => accepted[0]?.openStreams === 0, waitOptions);
    const whole = oddIds(90).filter((id) => peer.body(id).length === mebibyte);
    expect(whole.length).toBeGreaterThan(0);
    expect(whole.length).toBeLessThan(90);
  });

  test("may not have more than a number of acknowledgements pile up", async () => {
    const { port, closed } = await serve(
      (stream) => stream.respond(header, Buffer.alloc(8 * mebibyte), trailer),
      { rates: { pings: { burst: 1e9, perSecond: 0 } } },
    );
    const peer = await openPeer(port);
    peer.write(
      settingsFrame([[setting.initialWindowSize, 2 ** 30]]),
      windowUpdateFrame(0, 2 ** 30),
    );
    await peer.ping();
    peer.socket.pause();
    // Fills the buffers of the sockets.
    peer.write(...oddIds(2).map((id) => peer.headers(id, get)));
    const flood = setInterval(() => peer.write(times(1_000, ping)), 1);
    await vi.waitUntil(() => closed.length > 0, waitOptions).finally(() => clearInterval(flood));
    expect(closed[0]?.code).toBe(errorCode.enhanceYourCalm);
  });

  test("does not make the server hold headers of responses without end", async () => {
    const long = encodeHeaderBlock([
      [":status", "200"],
      ["x-long", "l".repeat(15_000)],
    ]);
    let served = 0;
    const { port, accepted, closed } = await serve(
      (stream) => {
        served++;
        stream.respond(long, Buffer.alloc(0), new Uint8Array(0));
      },
      { maxBufferedBytes: mebibyte },
    );
    const peer = await openPeer(port);
    peer.socket.pause();
    // Headers have no flow control: 150 MB if all of them were sent.
    for (let round = 0; round < 100; round++) {
      peer.write(...oddIds(100).map((id) => peer.headers(200 * round + id, get)));
    }
    await vi.waitUntil(() => closed.length > 0, waitOptions);
    expect(closed[0]?.code).toBe(errorCode.enhanceYourCalm);
    // What the sockets' buffers hold, and the streams that may be open.
    expect(served).toBeLessThan(2_000);
    expect(accepted[0]?.bufferedBytes).toBe(0);
  });
});

describe("bodies that are never complete", () => {
  test("are bounded for a connection, and for all that share a budget", async () => {
    const budget = new MemoryBudget(3 * mebibyte);
    const { heard, onStream } = record("collect");
    const options = { budget, maxBufferedBytes: 2 * mebibyte };
    const { port, accepted } = await serve(onStream, options);
    const fill = async (peer: RawPeer) => {
      for (const id of oddIds(40)) {
        const parts = times(7, data(id, Buffer.alloc(16_000), false));
        peer.write(peer.headers(id, post, false), parts);
        await peer.ping();
      }
    };
    const [first, second] = [await openPeer(port), await openPeer(port)];
    await fill(first);
    expect(budget.usedBytes).toBeLessThanOrEqual(2 * mebibyte);
    expect(budget.usedBytes).toBeGreaterThan(mebibyte);
    await fill(second);
    expect(budget.usedBytes).toBeLessThanOrEqual(3 * mebibyte);
    expect(accepted[1]?.bufferedBytes).toBeLessThanOrEqual(1.5 * mebibyte);
    const aborted = heard.filter(({ aborts }) => aborts[0] === errorCode.enhanceYourCalm);
    expect(aborted.length).toBeGreaterThan(40);
    first.socket.destroy();
    second.socket.destroy();
    await vi.waitUntil(() => budget.usedBytes === 0, waitOptions);
  });

  test("of one byte per frame cost little more than their bytes", async () => {
    const { onStream } = record("collect");
    const { port, accepted } = await serve(onStream);
    const peer = await openPeer(port);
    const before = process.memoryUsage();
    const count = 100_000;
    peer.write(...oddIds(10).map((id) => peer.headers(id, post, false)));
    for (const id of oddIds(10)) {
      peer.write(times(count / 10, data(id, "x", false)));
      await peer.ping();
    }
    expect(accepted[0]?.bufferedBytes).toBe(count);
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(20 * mebibyte);
  });
});

test("rejects another protocol before anything else", async () => {
  const { port } = await serve(echo);
  const peer = await openPeer(port, false);
  peer.write(Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  expect(await peer.goAwayCode()).toBe(errorCode.protocolError);
  const second = await openPeer(port, false);
  second.write(preface, ping);
  expect(await second.goAwayCode()).toBe(errorCode.protocolError);
});

test("accepts more PING and WINDOW_UPDATE frames from a peer that is sent responses", async () => {
  const { port } = await serve(echo, {
    rates: {
      pings: { burst: 10, perSecond: 0, perFrameSent: 2 },
      windowUpdates: { burst: 10, perSecond: 0, perFrameSent: 10 },
    },
  });
  const peer = await openPeer(port);
  for (const id of oddIds(200)) {
    peer.write(peer.headers(id, get), ping, ping, times(5, windowUpdateFrame(0, 1)));
    await peer.ended(id);
  }
  peer.write(times(30, ping));
  expect(await peer.goAwayCode()).toBe(errorCode.enhanceYourCalm);
});
