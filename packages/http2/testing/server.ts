import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { listen, type TestEndpoint } from "@unblock/test/listen";
import { afterEach, vi } from "vitest";
import { flag, frame, frameType, headersFrames, preface, settingsFrame } from "../client/frames.ts";
import { HpackEncoder } from "../client/hpack-encoder.ts";
import type { Field } from "../client/hpack-table.ts";
import {
  type CloseReason,
  type ConnectionOptions,
  createServerConnection,
  encodeHeaderBlock,
  type HeaderFields,
  type OnStream,
  type ServerConnection,
  type ServerStream,
  type StreamReceiver,
} from "../server/index.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});
export function closeLater(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

export interface TestService extends TestEndpoint {
  readonly accepted: readonly ServerConnection[];
  readonly closed: CloseReason[];
  readonly errors: unknown[];
}

/** Serves HTTP/2 on a free port until the test ends. */
export async function serve(
  onStream: OnStream,
  options: ConnectionOptions = {},
): Promise<TestService> {
  const connections: ServerConnection[] = [];
  const closed: CloseReason[] = [];
  const errors: unknown[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    connections.push(
      createServerConnection(socket, options, onStream, {
        onClosed: (reason) => closed.push(reason),
        onHandlerError: (error) => errors.push(error),
      }),
    );
  });
  const endpoint = await listen(server);
  closeLater(() => endpoint.close());
  return { ...endpoint, accepted: connections, closed, errors };
}

export const header = encodeHeaderBlock([
  [":status", "200"],
  ["content-type", "application/grpc+proto"],
]);
export const trailer = encodeHeaderBlock([["grpc-status", "0"]]);

/** Sends the body of each request back. */
export const echo: OnStream = (stream) => stream.collect(echoReceiver);
const echoReceiver: StreamReceiver = {
  onEnd: (stream, body) => stream.respond(header, body, trailer),
};

/** What a handler heard of a stream. */
export interface Heard {
  readonly stream: ServerStream;
  body: string;
  trailers: HeaderFields | undefined;
  isEnded: boolean;
  drains: number;
  readonly aborts: number[];
}

/** Handler that does nothing but keep what it hears, in order of the streams. */
export function record(mode: "collect" | "receive"): {
  readonly heard: Heard[];
  onStream: OnStream;
} {
  const heard: Heard[] = [];
  const onStream = (stream: ServerStream) => {
    const own: Heard = {
      stream,
      body: "",
      trailers: undefined,
      isEnded: false,
      drains: 0,
      aborts: [],
    };
    heard.push(own);
    stream[mode]({
      onData: (_, chunk) => {
        own.body += chunk.toString("latin1");
      },
      onEnd: (_, body, trailers) => {
        own.body += body.toString("latin1");
        own.trailers = trailers;
        own.isEnded = true;
      },
      onDrain: () => {
        own.drains++;
      },
      onAbort: (_, code) => own.aborts.push(code),
    });
  };
  return { heard, onStream };
}

export interface ReceivedFrame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

export const get: readonly Field[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "localhost"],
];
export const post: readonly Field[] = [[":method", "POST"], ...get.slice(1)];

const waitOptions = { timeout: 10_000, interval: 2 };

/** Client that sends the frames it is told to, and keeps all that it gets. */
export class RawPeer {
  readonly socket: Socket;
  readonly frames: ReceivedFrame[] = [];
  /** Chunks that the socket delivered. */
  chunks = 0;
  readonly #encoder = new HpackEncoder();
  #rest = Buffer.alloc(0);
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.chunks++;
      this.#read(chunk);
    });
    socket.on("error", () => {});
    socket.once("close", () => {
      this.isClosed = true;
    });
  }

  /** Connects, and unless told otherwise exchanges settings. */
  static async open(port: number, isGreeting = true): Promise<RawPeer> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    closeLater(() => socket.destroy());
    await once(socket, "connect");
    const peer = new RawPeer(socket);
    if (isGreeting) {
      peer.write(preface, settingsFrame([]), settingsAck);
      await peer.waitFor(({ type, flags }) => type === frameType.settings && flags === flag.ack);
    }
    return peer;
  }

  /** Sends all in one write. */
  write(...frames: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  headers(id: number, fields: readonly Field[], endStream = true): Buffer {
    return headersFrames(id, this.#encoder.encode(fields), endStream);
  }

  async waitFor(matches: (frame: ReceivedFrame) => boolean): Promise<ReceivedFrame> {
    return vi.waitUntil(() => this.frames.find(matches), waitOptions);
  }

  /** Frames of a stream, as `name` or `name!` with END_STREAM. */
  of(streamId: number): string[] {
    return this.frames
      .filter(({ id }) => id === streamId)
      .map(({ type, flags }) => {
        const name = Object.entries(frameType).find(([, number]) => number === type)?.[0];
        return `${name}${type <= 1 && flags & flag.endStream ? "!" : ""}`;
      });
  }

  body(streamId: number): Buffer {
    return Buffer.concat(
      this.frames
        .filter(({ id, type }) => id === streamId && type === frameType.data)
        .map(({ payload }) => payload),
    );
  }

  /** Resolves when the server has read all that was written before. */
  async ping(): Promise<void> {
    const data = Buffer.from(String(this.frames.length).padStart(8, "p").slice(-8));
    this.write(frame(frameType.ping, 0, 0, data));
    await this.waitFor(({ type, payload }) => type === frameType.ping && payload.equals(data));
  }

  /** Error code of the stream's RST_STREAM. */
  async resetOf(streamId: number): Promise<number> {
    const { payload } = await this.waitFor(
      ({ type, id }) => type === frameType.resetStream && id === streamId,
    );
    return payload.readUInt32BE();
  }

  /** Error code of the last GOAWAY, once the server has closed. */
  async goAwayCode(): Promise<number> {
    const { payload } = await this.waitFor(({ type }) => type === frameType.goAway);
    this.socket.end();
    await vi.waitUntil(() => this.isClosed, waitOptions);
    const last = this.frames.findLast(({ type }) => type === frameType.goAway);
    return (last?.payload ?? payload).readUInt32BE(4);
  }

  async ended(streamId: number): Promise<void> {
    await this.waitFor(
      ({ type, id, flags }) =>
        id === streamId &&
        (type === frameType.resetStream || (type <= 1 && (flags & flag.endStream) !== 0)),
    );
  }

  #read(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= 9) {
      const end = at + 9 + bytes.readUIntBE(at, 3);
      if (end > bytes.length) {
        break;
      }
      this.frames.push({
        type: bytes[at + 3] ?? 0,
        flags: bytes[at + 4] ?? 0,
        id: bytes.readUInt32BE(at + 5),
        payload: bytes.subarray(at + 9, end),
      });
      at = end;
    }
    this.#rest = bytes.subarray(at);
  }
}

export const settingsAck = frame(frameType.settings, flag.ack, 0, Buffer.alloc(0));

export function data(id: number, payload: string | Uint8Array, endStream = true): Buffer {
  return frame(frameType.data, endStream ? flag.endStream : 0, id, Buffer.from(payload));
}
