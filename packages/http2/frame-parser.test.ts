import fc from "fast-check";
import { expect, test } from "vitest";
import { ConnectionError, errorCode } from "./errors.ts";
import { FrameParser, type FrameReceiver } from "./frame-parser.ts";
import { frame, preface } from "./frames.ts";

interface Seen {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: string;
}

function parse(chunks: readonly Uint8Array[], start: Uint8Array = preface): Seen[] {
  const seen: { frame: Omit<Seen, "payload">; payload: Buffer }[] = [];
  const onFrame: FrameReceiver["onFrame"] = (type, flags, streamId, bytes, from, to) =>
    seen.push({ frame: { type, flags, streamId }, payload: bytes.subarray(from, to) });
  const parser = new FrameParser({ onFrame }, start);
  for (const chunk of chunks) {
    parser.push(Buffer.from(chunk));
  }
  // Read at the end: a payload must not change when later ones arrive.
  return seen.map(({ frame, payload }) => ({ ...frame, payload: payload.toString("hex") }));
}

const frames = fc.array(
  fc.record({
    type: fc.nat(255),
    flags: fc.nat(255),
    streamId: fc.nat(2 ** 31 - 1),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.nat(16_384).map((length) => new Uint8Array(length).fill(length)),
    ),
  }),
  { maxLength: 12 },
);

test.each([
  ["client", preface],
  ["server", Buffer.alloc(0)],
])("reads the same frames of a %s however the bytes are split", (_, start) => {
  const cuts = fc.array(fc.nat(100_000));
  fc.assert(
    fc.property(frames, cuts, (list, places) => {
      const bytes = Buffer.concat([
        start,
        ...list.map(({ type, flags, streamId, payload }) => frame(type, flags, streamId, payload)),
      ]);
      const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length];
      ends.sort((a, b) => a - b);
      const chunks = ends.map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end));
      const expected = list.map(({ payload, ...head }) => ({
        ...head,
        payload: Buffer.from(payload).toString("hex"),
      }));
      expect(parse(chunks, start)).toEqual(expected);
    }),
  );
});

test("reads frames byte by byte", () => {
  const bytes = Buffer.concat([preface, frame(0, 1, 1, Buffer.alloc(3_000, "x"))]);
  const chunks = Array.from(bytes, (octet) => Uint8Array.of(octet));
  expect(parse(chunks)[0]?.payload).toBe("78".repeat(3_000));
});

function codeOf(bytes: Buffer): number | undefined {
  try {
    parse([bytes]);
  } catch (error) {
    return error instanceof ConnectionError ? error.code : undefined;
  }
  return undefined;
}

test("rejects another protocol, and a frame that is too large before it has arrived", () => {
  expect(codeOf(Buffer.from("GET / HTTP/1.1\r\n\r\n"))).toBe(errorCode.protocolError);
  const head = Buffer.from("004001000000000001", "hex");
  expect(codeOf(Buffer.concat([preface, head]))).toBe(errorCode.frameSizeError);
});

test("knows whether it is within a frame", () => {
  const parser = new FrameParser({ onFrame: () => {} }, preface);
  expect(parser.isWithinFrame).toBe(true);
  parser.push(preface);
  expect(parser.isWithinFrame).toBe(false);
  parser.push(frame(6, 0, 0, Buffer.alloc(8)).subarray(0, 10));
  expect(parser.isWithinFrame).toBe(true);
  expect(parser.frames).toBe(0);
});
