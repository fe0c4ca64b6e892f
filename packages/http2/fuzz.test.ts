import { type Duplex, duplexPair } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Http2Connection } from "./client/connection.ts";
import { Http2Stream, PreparedHttp2Request } from "./client/stream.ts";
import {
  defaultWindowBytes,
  flag,
  frame,
  frameType,
  headersFrames,
  preface,
  setting,
  settingsAck,
  settingsFrame,
  windowUpdateFrame,
} from "./frames.ts";
import {
  createServerConnection,
  encodeHeaderBlock,
  errorCode,
  type OnStream,
  type ServerConnection,
} from "./server/index.ts";
import { Recorded } from "./testing/client.ts";
import { FrameReader, type OnFrame } from "./testing/frame-reader.ts";
import { data, get, header, post, trailer } from "./testing/server.ts";

const requestBlocks = [
  encodeHeaderBlock(post),
  encodeHeaderBlock(get),
  encodeHeaderBlock([...post, ["content-length", "10"]]),
  encodeHeaderBlock([...post, ["connection", "close"]]),
  encodeHeaderBlock([["x", "trailer"]]),
];

const responseBlocks = [
  header,
  trailer,
  encodeHeaderBlock([[":status", "100"]]),
  encodeHeaderBlock([[":status", "none"]]),
];

/** Mostly odd, mostly few: so that frames meet streams in all states. */
const ids = fc.oneof(
  { weight: 20, arbitrary: fc.nat(7).map((n) => 2 * n + 1) },
  { weight: 1, arbitrary: fc.nat(20) },
);
const flags = fc.constantFrom(0, flag.endStream);
const payload = fc.nat(20_000).map((size) => Buffer.alloc(Math.min(size, 16_384), size));

/** Mostly legal frames: what is illegal ends the connection or the stream soon. */
const anyFrameWith = (blocks: readonly Uint8Array[]) =>
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc
        .tuple(ids, flags, fc.constantFrom(...blocks))
        .map(([id, end, block]) => frame(frameType.headers, flag.endHeaders | end, id, block)),
    },
    {
      weight: 20,
      arbitrary: fc
        .tuple(ids, fc.boolean(), payload)
        .map(([id, end, bytes]) => data(id, bytes, end)),
    },
    {
      weight: 8,
      arbitrary: fc
        .tuple(ids, fc.integer({ min: 1, max: 300_000 }))
        .map(([id, bytes]) => windowUpdateFrame(id, bytes)),
    },
    { weight: 4, arbitrary: fc.nat(1_000_000).map((bytes) => windowUpdateFrame(0, bytes)) },
    {
      weight: 3,
      arbitrary: ids.map((id) => frame(frameType.resetStream, 0, id, Buffer.from([0, 0, 0, 8]))),
    },
    {
      weight: 3,
      arbitrary: fc.nat(200_000).map((size) => settingsFrame([[setting.initialWindowSize, size]])),
    },
    { weight: 2, arbitrary: fc.constant(frame(frameType.ping, 0, 0, Buffer.alloc(8))) },
    { weight: 2, arbitrary: ids.map((id) => frame(frameType.priority, 0, id, Buffer.alloc(5))) },
    { weight: 1, arbitrary: fc.constant(frame(frameType.goAway, 0, 0, Buffer.alloc(8))) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.nat(12), fc.nat(255), fc.nat(9), fc.uint8Array({ maxLength: 30 }))
        .map(([type, anyFlags, id, bytes]) => frame(type, anyFlags, id, bytes)),
    },
  );

/** What a handler does with a stream, by a number that comes from the test's data. */
const handlers: readonly OnStream[] = [
  (stream) => stream.collect({ onEnd: (_, body) => stream.respond(header, body, trailer) }),
  (stream) => {
    stream.collect(
      {
        onEnd: (_, body) => setImmediate(() => stream.respond(header, body, trailer)),
        onTooLarge: () => stream.respond(header, Buffer.from("large"), trailer),
      },
      20_000,
    );
  },
  (stream) => {
    stream.sendHeader(header);
    stream.receive({
      onData: (_, chunk) => {
        stream.sendData(Buffer.from(chunk));
        setImmediate(() => stream.release(chunk.length));
      },
      onEnd: () => stream.sendTrailer(trailer),
    });
  },
  (stream) => stream.respond(header, Buffer.alloc(100_000), trailer),
  (stream) => stream.reset(),
  () => {},
];

/** Checks what one role sends: RFC 9113's stream states and windows, as its peer sees them. */
class Judge {
  readonly problems: string[] = [];
  goAwayCode: number | undefined;
  dataBytes = 0;
  readonly #ended = new Set<number>();
  readonly #reset = new Set<number>();
  readonly #reader: FrameReader;

  /** @param start what the role begins with */
  constructor(start?: Uint8Array<ArrayBuffer>) {
    this.#reader = new FrameReader((...frame) => this.#judge(...frame), start);
  }

  read(chunk: Buffer): void {
    this.#reader.read(chunk);
  }

  #judge(...[type, flags, id, payload]: Parameters<OnFrame>): void {
    if (this.goAwayCode !== undefined && this.goAwayCode !== errorCode.noError) {
      this.problems.push("a frame after GOAWAY");
    }
    if (type === frameType.goAway) {
      this.goAwayCode = payload.readUInt32BE(4);
    } else if (type === frameType.data || type === frameType.headers) {
      this.dataBytes += type === frameType.data ? payload.length : 0;
      if (this.#ended.has(id) || this.#reset.has(id)) {
        this.problems.push(`a frame of stream ${id} after its end`);
      }
      if (flags & flag.endStream) {
        this.#ended.add(id);
      }
    } else if (type === frameType.resetStream) {
      this.#reset.add(id);
    }
  }
}

/** Writes the frames, cut at some places, with a turn of the event loop now and then. */
async function writeCut(
  socket: Duplex,
  frames: readonly Uint8Array[],
  cuts: readonly number[],
): Promise<void> {
  const bytes = Buffer.concat(frames);
  const ends = [...cuts.map((cut) => cut % bytes.length), bytes.length].sort((a, b) => a - b);
  for (const [at, end] of ends.entries()) {
    socket.write(bytes.subarray(ends[at - 1] ?? 0, end));
    if (at % 3 === 0) {
      await new Promise(setImmediate);
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 2));
}

async function runServer(
  frames: readonly Buffer[],
  cuts: readonly number[],
  handling: readonly number[],
): Promise<{ judge: Judge; connection: ServerConnection; errors: unknown[] }> {
  const [client, server] = duplexPair();
  const judge = new Judge();
  const errors: unknown[] = [];
  const closed = Promise.withResolvers<void>();
  client.on("data", (chunk: Buffer) => judge.read(chunk));
  client.on("error", () => {});
  const connection = createServerConnection(
    server,
    {},
    (stream) => handlers[handling[(stream.id >> 1) % handling.length] ?? 0]?.(stream),
    { onClosed: () => closed.resolve(), onHandlerError: (error) => errors.push(error) },
  );
  await writeCut(client, [preface, settingsFrame([]), settingsAck, ...frames], cuts);
  client.end();
  await closed.promise;
  await new Promise(setImmediate);
  client.destroy();
  server.destroy();
  return { judge, connection, errors };
}

test("keeps to the protocol and leaves nothing behind, whatever a client sends", async () => {
  let complete = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyFrameWith(requestBlocks), { maxLength: 60 }),
      fc.array(fc.nat(), { maxLength: 10 }),
      fc.array(fc.nat(handlers.length - 1), { minLength: 1, maxLength: 8 }),
      async (frames, cuts, handling) => {
        const { judge, connection, errors } = await runServer(frames, cuts, handling);
        expect(judge.problems).toEqual([]);
        expect(errors).toEqual([]);
        expect(connection).toMatchObject({ isClosed: true, openStreams: 0, bufferedBytes: 0 });
        const granted = frames
          .filter((bytes) => bytes[3] === frameType.windowUpdate && bytes.readUInt32BE(5) === 0)
          .reduce((sum, bytes) => sum + (bytes.length === 13 ? bytes.readUInt32BE(9) : 0), 0);
        expect(judge.dataBytes).toBeLessThanOrEqual(defaultWindowBytes + granted);
        complete += Number(judge.goAwayCode === undefined);
      },
    ),
    { numRuns: 1_000 },
  );
  // Some of them to the end, or the frames would not get far.
  expect(complete).toBeGreaterThan(50);
});

const wholeResponse = ids.map((id) =>
  Buffer.concat([
    headersFrames(id, header, false),
    data(id, "body", false),
    headersFrames(id, trailer, true),
  ]),
);
const anyResponse = fc.oneof(
  { weight: 4, arbitrary: anyFrameWith(responseBlocks) },
  { weight: 1, arbitrary: wholeResponse },
);
const bodySizes = [0, 5, 5, 40_000, 5, 100_000, 0, 5];

async function runClient(
  frames: readonly Buffer[],
  cuts: readonly number[],
): Promise<{ judge: Judge; calls: readonly Recorded[] }> {
  const [server, socket] = duplexPair();
  const judge = new Judge(Uint8Array.from(preface));
  const ready = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  server.on("data", (chunk: Buffer) => judge.read(chunk));
  server.on("error", () => {});
  const connection = new Http2Connection(socket, 0, {
    onReady: ready.resolve,
    onFreeStream: () => {},
    onRetired: () => {},
    onClosed: () => closed.resolve(),
  });
  socket.on("data", (chunk: Buffer) => connection.receive(chunk));
  server.write(settingsFrame([]));
  await ready.promise;
  const calls = bodySizes.map((size) => {
    const head = { method: "POST", path: "/", fields: {} } as const;
    const request = new PreparedHttp2Request(new URL("http://a"), head, Buffer.alloc(size));
    const receiver = new Recorded();
    connection.open(new Http2Stream(request, receiver, connection));
    return receiver;
  });
  await writeCut(server, [settingsAck, ...frames], cuts);
  server.end();
  await closed.promise;
  await new Promise(setImmediate);
  server.destroy();
  return { judge, calls };
}

test("keeps to the protocol and ends each request once, whatever a server sends", async () => {
  let complete = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyResponse, { maxLength: 60 }),
      fc.array(fc.nat(), { maxLength: 10 }),
      async (frames, cuts) => {
        const { judge, calls } = await runClient(frames, cuts);
        expect(judge.problems).toEqual([]);
        for (const { events } of calls) {
          const ends = events.filter((event) => /^(end|fail)/.test(event));
          expect(ends).toEqual(events.slice(-1));
          complete += Number(ends[0] === "end");
        }
      },
    ),
    { numRuns: 500 },
  );
  expect(complete).toBeGreaterThan(50);
});
