import {
  flag,
  frame,
  frameType,
  resetStreamFrame,
  setting,
  settingsFrame,
  windowUpdateFrame,
} from "../frames.ts";
import { encodeHeaderBlock, errorCode } from "../server/index.ts";
import { data, post } from "./server.ts";

export const times = (count: number, bytes: Uint8Array) =>
  Buffer.concat(Array<Uint8Array>(count).fill(bytes));
export const oddIds = (count: number) => Array.from({ length: count }, (_, at) => 2 * at + 1);

/** Inserts a field of 3,000 bytes into the table. */
export const insertion = Buffer.concat([
  Buffer.from("40017a7fb916", "hex"),
  Buffer.alloc(3_000, "b"),
]);

/** A request of the path that the README's example collects bodies for. */
const block = encodeHeaderBlock(
  post.map(([name, value]) => [name, name === ":path" ? "/echo" : value] as const),
);
const malformed = Buffer.concat([block, encodeHeaderBlock([["connection", "close"]])]);
const headers = (id: number, flags: number = flag.endHeaders, fields: Uint8Array = block) =>
  frame(frameType.headers, flags, id, fields);
const ended = flag.endHeaders | flag.endStream;
const streams = (count: number, framesOf: (id: number) => readonly Uint8Array[]) =>
  Buffer.concat(oddIds(count).flatMap(framesOf));

/** Frames that make a server end the connection with ENHANCE_YOUR_CALM. */
export const floods: Readonly<Record<string, () => Buffer>> = {
  "rapid resets (CVE-2023-44487)": () =>
    streams(5_000, (id) => [headers(id), resetStreamFrame(id, errorCode.cancel)]),
  "resets that the server is made to send by DATA after the end (CVE-2025-8671)": () =>
    streams(5_000, (id) => [headers(id, ended), data(id, "x")]),
  "resets that the server is made to send by windows that are too large": () =>
    streams(5_000, (id) => [headers(id), times(2, windowUpdateFrame(id, 2 ** 31 - 1))]),
  "malformed requests": () => streams(5_000, (id) => [headers(id, ended, malformed)]),
  "streams beyond the concurrency, again and again": () => streams(5_000, (id) => [headers(id)]),
  "PING frames": () => times(10_000, frame(frameType.ping, 0, 0, Buffer.alloc(8))),
  "SETTINGS frames": () => times(10_000, settingsFrame([])),
  "settings that change the windows of open streams": () => {
    const change = [0, 1_000_000].map((bytes) =>
      settingsFrame([[setting.initialWindowSize, bytes]]),
    );
    return Buffer.concat([
      streams(100, (id) => [headers(id)]),
      times(2_000, Buffer.concat(change)),
    ]);
  },
  "empty DATA frames": () => Buffer.concat([headers(1), times(10_000, data(1, "", false))]),
  "DATA frames of padding alone": () => {
    const padding = frame(frameType.data, flag.padded, 1, Buffer.from([3, 0, 0, 0]));
    return Buffer.concat([headers(1), times(10_000, padding)]);
  },
  "window updates by one byte": () => times(10_000, windowUpdateFrame(0, 1)),
  "PRIORITY frames": () => times(10_000, frame(frameType.priority, 0, 1, Buffer.alloc(5))),
  "frames of unknown types": () => times(10_000, frame(0x42, 0, 0, Buffer.alloc(10))),
  "CONTINUATION frames (CVE-2024-27316)": () => {
    const fields = frame(frameType.continuation, 0, 1, Buffer.from("0001610162", "hex"));
    return Buffer.concat([headers(1, 0), times(10_000, fields)]);
  },
  "header bombs": () => {
    const bomb = Buffer.concat([block, insertion, Buffer.alloc(10_000, 0xbe)]);
    return streams(50, (id) => [headers(id, ended, bomb)]);
  },
};
