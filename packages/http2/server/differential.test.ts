import { createServer as createNodeServer, type ServerHttp2Stream } from "node:http2";
import { createServer } from "node:net";
import { listen, type TestEndpoint } from "@unblock/test/listen";
import { beforeAll, expect, test, vi } from "vitest";
import { flag, frame, frameType, setting, settingsFrame, windowUpdateFrame } from "../frames.ts";
import type { Field } from "../hpack-table.ts";
import type { RawPeer } from "../testing/raw-peer.ts";
import { data, echo, get, openPeer, post } from "../testing/server.ts";
import { createServerConnection, errorCode } from "./index.ts";

/** HPACK block of fields that `encodeHeaderBlock` would not encode. */
function anyBlock(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.map(([name, value]) =>
      Buffer.concat([
        Buffer.of(0, name.length),
        Buffer.from(name, "latin1"),
        Buffer.of(value.length),
        Buffer.from(value, "latin1"),
      ]),
    ),
  );
}

const headers = (id: number, fields: readonly Field[], flags = 5) =>
  frame(frameType.headers, flags, id, anyBlock(fields));
const open = (id = 1) => headers(id, post, flag.endHeaders);
const ended = (id = 1) => headers(id, get);
const reset = (id: number) => frame(frameType.resetStream, 0, id, Buffer.from([0, 0, 0, 8]));
const without = (name: string) => get.filter(([other]) => other !== name);
const withLength = (length: string): Field[] => [...post, ["content-length", length]];

/** What is sent, which ends or asks for the end of stream 1. */
const cases: Record<string, readonly Buffer[]> = {
  "a GET": [ended()],
  "a POST": [open(), data(1, "body")],
  "a POST that ends with an empty DATA": [open(), data(1, "body", false), data(1, "")],
  "a POST with trailers": [open(), data(1, "body", false), headers(1, [["x", "y"]])],
  "a POST of the announced length": [headers(1, withLength("4"), 4), data(1, "body")],
  "a POST that is too long": [headers(1, withLength("3"), 4), data(1, "body")],
  "a POST that is too short": [headers(1, withLength("5"), 4), data(1, "body")],
  "a POST with a length and no body": [headers(1, withLength("5"))],
  "a length that is no number": [headers(1, withLength("five"), 4), data(1, "body!")],
  "trailers that do not end the stream": [open(), headers(1, [["x", "y"]], 4)],
  "trailers with a pseudo-header field": [open(), headers(1, [[":path", "/"]])],
  "no :method": [headers(1, without(":method"))],
  "no :scheme": [headers(1, without(":scheme"))],
  "no :path": [headers(1, without(":path"))],
  "no :authority": [headers(1, without(":authority"))],
  "host without :authority": [headers(1, [...without(":authority"), ["host", "localhost"]])],
  "an empty :path": [headers(1, [...without(":path"), [":path", ""]])],
  "a :path without a slash": [headers(1, [...without(":path"), [":path", "a"]])],
  "user information": [headers(1, [...without(":authority"), [":authority", "a@b"]])],
  "a pseudo-header field twice": [headers(1, [...get, [":path", "/"]])],
  "a pseudo-header field after others": [headers(1, [["a", "b"], ...get])],
  "a :status": [headers(1, [...get, [":status", "200"]])],
  "an unknown pseudo-header field": [headers(1, [...get, [":x", "y"]])],
  "a name in upper case": [headers(1, [...get, ["Upper", "a"]])],
  "a name with a blank": [headers(1, [...get, ["a b", "a"]])],
  "an empty name": [headers(1, [...get, ["", "a"]])],
  connection: [headers(1, [...get, ["connection", "close"]])],
  "transfer-encoding": [headers(1, [...get, ["transfer-encoding", "chunked"]])],
  "te: trailers": [headers(1, [...get, ["te", "trailers"]])],
  "te: gzip": [headers(1, [...get, ["te", "gzip"]])],
  "a line feed in a value": [headers(1, [...get, ["a", "b\nc"]])],
  "a NUL in a value": [headers(1, [...get, ["a", "b\0c"]])],
  "a control character in a value": [headers(1, [...get, ["a", "b\x01c"]])],
  "a blank around a value": [headers(1, [...get, ["a", " b "]])],
  "another host": [headers(1, [...get, ["host", "other"]])],
  "two hosts": [headers(1, [...get, ["host", "localhost"], ["host", "localhost"]])],
  "two equal lengths": [
    headers(1, [...withLength("4"), ["content-length", "4"]], 4),
    data(1, "body"),
  ],
  CONNECT: [
    headers(1, [
      [":method", "CONNECT"],
      [":authority", "a:1"],
    ]),
  ],
  "CONNECT with a path": [headers(1, [[":method", "CONNECT"], ...without(":method")])],
  "an even stream": [ended(2)],
  "DATA of an idle stream": [data(1, "body")],
  "DATA of stream 0": [data(0, "body")],
  "DATA after the end": [ended(), data(1, "body")],
  "HEADERS after the end": [ended(), headers(1, [["x", "y"]])],
  "HEADERS of a skipped stream": [open(5), ended(3)],
  "RST_STREAM of an idle stream": [reset(1)],
  "RST_STREAM of stream 0": [reset(0)],
  "WINDOW_UPDATE of an idle stream": [windowUpdateFrame(1, 1)],
  "WINDOW_UPDATE by 0": [windowUpdateFrame(0, 0)],
  "WINDOW_UPDATE by 0 on a stream": [open(), windowUpdateFrame(1, 0)],
  "a window that is too large": [windowUpdateFrame(0, 2 ** 31 - 1)],
  "a stream's window that is too large": [open(), windowUpdateFrame(1, 2 ** 31 - 1)],
  "WINDOW_UPDATE after the end": [ended(), windowUpdateFrame(1, 1)],
  "RST_STREAM after the end": [ended(), reset(1)],
  "PRIORITY of an idle stream": [
    frame(frameType.priority, 0, 1, Buffer.from([0, 0, 0, 0, 9])),
    ended(),
  ],
  PUSH_PROMISE: [frame(frameType.pushPromise, 4, 1, Buffer.alloc(4))],
  "SETTINGS with a stream": [frame(frameType.settings, 0, 1, Buffer.alloc(0))],
  "SETTINGS of 5 bytes": [frame(frameType.settings, 0, 0, Buffer.alloc(5))],
  "SETTINGS that acknowledge with bytes": [frame(frameType.settings, 1, 0, Buffer.alloc(6))],
  "a push setting of 2": [settingsFrame([[setting.enablePush, 2]])],
  "a window setting that is too large": [settingsFrame([[setting.initialWindowSize, 2 ** 31]])],
  "a frame size setting that is too small": [settingsFrame([[5, 100]])],
  "an unknown setting": [settingsFrame([[99, 1]]), ended()],
  "PING of 7 bytes": [frame(frameType.ping, 0, 0, Buffer.alloc(7))],
  "PING with a stream": [frame(frameType.ping, 0, 1, Buffer.alloc(8))],
  "an unknown frame": [frame(99, 0, 0, Buffer.alloc(7)), ended()],
  "CONTINUATION of nothing": [frame(frameType.continuation, 4, 1, anyBlock(get))],
  "another frame within a block": [
    frame(frameType.headers, 0, 1, anyBlock(get)),
    frame(frameType.ping, 0, 0, Buffer.alloc(8)),
  ],
  "too much padding": [open(), frame(frameType.data, 9, 1, Buffer.from([9, 0]))],
  "an index that is none": [frame(frameType.headers, 5, 1, Buffer.of(0xff, 0x7f))],
  "a frame that is too large": [open(), frame(frameType.data, 1, 1, Buffer.alloc(16_385))],
};

const malformed = "RST_STREAM protocolError";
/** Where this server and nghttp2, as node:http2 uses it, differ, and why. */
const explained: Record<string, readonly [ours: string, theirs: string, why: string]> = {
  "a POST that is too long": [malformed, "GOAWAY internalError", "RFC 9113, 8.1.1: a stream error"],
  "a name with a blank": [malformed, "response", "nghttp2 drops the field; 8.2.1: malformed"],
  "an empty name": [malformed, "response", "nghttp2 drops the field; 8.2.1: malformed"],
  "a line feed in a value": [malformed, "response", "nghttp2 drops the field; 8.2.1: malformed"],
  "a NUL in a value": [malformed, "response", "nghttp2 drops the field; 8.2.1: malformed"],
  "a control character in a value": [malformed, "response", "nghttp2 drops the field"],
  "a blank around a value": [malformed, "response", "8.2.1: malformed"],
  "another host": [malformed, "response", "8.3.1: should be treated as malformed"],
  "DATA after the end": [
    "RST_STREAM streamClosed",
    "GOAWAY streamClosed",
    "5.1: a stream error where the server may have reset the stream, so others live on",
  ],
  "HEADERS of a skipped stream": ["GOAWAY protocolError", "nothing", "5.1.1: a connection error"],
  "WINDOW_UPDATE by 0 on a stream": [malformed, "GOAWAY protocolError", "6.9: a stream error"],
  "a stream's window that is too large": [
    "RST_STREAM flowControlError",
    "GOAWAY flowControlError",
    "6.9.1: the stream may be reset",
  ],
  "RST_STREAM after the end": ["response", "nothing", "this server had responded by then"],
};

let node: TestEndpoint;
let ours: TestEndpoint;

beforeAll(async () => {
  const server = createNodeServer();
  server.on("sessionError", () => {});
  server.on("stream", (stream: ServerHttp2Stream) => {
    const chunks: Buffer[] = [];
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      if (!stream.destroyed && !stream.aborted) {
        stream.respond({ ":status": 200 });
        stream.end(Buffer.concat(chunks));
      }
    });
  });
  node = await listen(server);
  ours = await listen(createServer((socket) => createServerConnection(socket, {}, echo)));
  return () => Promise.all([node.close(), ours.close()]);
});

const nameOf = (code: number) => Object.entries(errorCode).find(([, other]) => other === code)?.[0];

/** What came first of the things that end a stream or the connection. */
function outcomeOf(peer: RawPeer): string | undefined {
  const codeAt = (type: number, offset: number) => {
    const found = peer.frames.find((one) => one.type === type)?.payload.readUInt32BE(offset);
    return found === errorCode.noError ? undefined : found;
  };
  const goAway = codeAt(frameType.goAway, 4);
  const reset = codeAt(frameType.resetStream, 0);
  if (goAway !== undefined) {
    return `GOAWAY ${nameOf(goAway)}`;
  }
  if (reset !== undefined) {
    return `RST_STREAM ${nameOf(reset)}`;
  }
  const isEnded = peer.frames.some(({ type, flags }) => type <= 1 && flags & flag.endStream);
  return isEnded ? "response" : undefined;
}

async function send(port: number, frames: readonly Buffer[]): Promise<string> {
  const peer = await openPeer(port);
  // Its acknowledgement says that the frames before it have been dealt with.
  peer.write(...frames, frame(frameType.ping, 0, 0, Buffer.alloc(8)));
  await vi.waitUntil(
    () =>
      peer.isClosed ||
      peer.frames.some(({ type }) => type === frameType.ping || type === frameType.goAway),
    { timeout: 10_000, interval: 2 },
  );
  // The response of node:http2's handler may come a little later.
  await vi.waitUntil(() => outcomeOf(peer), { timeout: 300, interval: 2 }).catch(() => {});
  return outcomeOf(peer) ?? "nothing";
}

test.each(Object.entries(cases))(
  "does what nghttp2 does, or says why not: %s",
  async (name, frames) => {
    const both = [await send(ours.port, frames), await send(node.port, frames)];
    const [mine, theirs] = explained[name] ?? [both[0], both[0]];
    expect(both).toEqual([mine, theirs]);
  },
);
