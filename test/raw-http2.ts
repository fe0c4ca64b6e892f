import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { FrameReader } from "@unblock/http2/client/frame-reader";
import {
  defaultWindowBytes,
  errorCodeName,
  flag,
  frame,
  frameType,
  headersFrames,
  largestWindowBytes,
  preface,
  settingsFrame,
  windowUpdateFrame,
} from "@unblock/http2/client/frames";
import { HpackDecoder } from "@unblock/http2/client/hpack-decoder";
import { HpackEncoder } from "@unblock/http2/client/hpack-encoder";
import type { Field } from "@unblock/http2/client/hpack-table";
import { vi } from "vitest";

/** Data that a server sent on a stream. */
export interface StreamOutcome {
  /** Header fields and trailers by name. */
  readonly fields: Record<string, string>;
  body: string;
  /** "ended" after END_STREAM, or the error code of RST_STREAM; undefined while the stream is open. */
  end: string | undefined;
}

const waitOptions = { timeout: 20_000, interval: 5 };

const interesting = [":status", "content-type", "grpc-status", "grpc-message"];

/** An HTTP/2 connection on which a test writes its own frames, as a faulty or hostile client does. */
export class RawHttp2 {
  readonly socket: Socket;
  readonly streams = new Map<number, StreamOutcome>();
  readonly #encoder = new HpackEncoder();
  readonly #decoder = new HpackDecoder();
  #isClosed = false;
  #pongs = 0;
  #connectionWindow = defaultWindowBytes;
  readonly #windows = new Map<number, number>();

  private constructor(socket: Socket) {
    this.socket = socket;
    const reader = new FrameReader((...received) => this.#onFrame(...received));
    socket.on("data", (chunk: Buffer) => reader.read(chunk));
    socket.on("error", () => {});
    socket.once("close", () => {
      this.#isClosed = true;
    });
    // The server never waits for window updates.
    const window = windowUpdateFrame(0, largestWindowBytes - defaultWindowBytes);
    socket.write(Buffer.concat([preface, settingsFrame([]), window]));
  }

  /** @param url `http://host:port` */
  static async open(url: string): Promise<RawHttp2> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, "connect");
    return new RawHttp2(socket);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  headers(streamId: number, fields: readonly Field[], endStream = false): Buffer {
    return headersFrames(streamId, this.#encoder.encode(fields), endStream);
  }

  data(streamId: number, payload: Uint8Array, endStream = false): Buffer {
    return frame(frameType.data, endStream ? flag.endStream : 0, streamId, payload);
  }

  /** Sends data when the server's windows allow; sends nothing if they do not within 200 ms or the stream has ended. */
  async sendData(streamId: number, payload: Uint8Array): Promise<void> {
    const window = () =>
      Math.min(this.#connectionWindow, this.#windows.get(streamId) ?? defaultWindowBytes);
    const isOver = () => this.#isClosed || this.streams.get(streamId)?.end !== undefined;
    if (window() < payload.length && !isOver()) {
      // A server that has received enough stops opening the window.
      await vi
        .waitUntil(() => window() >= payload.length || isOver(), { timeout: 200, interval: 1 })
        .catch(() => {});
    }
    if (window() < payload.length || isOver()) {
      return;
    }
    this.#connectionWindow -= payload.length;
    this.#windows.set(
      streamId,
      (this.#windows.get(streamId) ?? defaultWindowBytes) - payload.length,
    );
    this.write(this.data(streamId, payload));
  }

  /** Writes frames at once, so that the server reads them together. */
  write(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** Resolves when the server has ended the stream or the connection. */
  async ended(streamId: number): Promise<StreamOutcome> {
    return vi.waitUntil(() => {
      const outcome = this.#outcome(streamId);
      return outcome.end !== undefined || this.#isClosed ? outcome : undefined;
    }, waitOptions);
  }

  /** Resolves when the server has read everything written before. */
  async ping(): Promise<void> {
    const expected = this.#pongs + 1;
    this.write(frame(frameType.ping, 0, 0, Buffer.alloc(8)));
    await vi.waitUntil(() => this.#pongs >= expected || this.#isClosed, waitOptions);
  }

  async closed(): Promise<void> {
    await vi.waitUntil(() => this.#isClosed, waitOptions);
  }

  close(): void {
    this.socket.destroy();
  }

  #outcome(streamId: number): StreamOutcome {
    const known = this.streams.get(streamId);
    if (known !== undefined) {
      return known;
    }
    const outcome: StreamOutcome = { fields: {}, body: "", end: undefined };
    this.streams.set(streamId, outcome);
    return outcome;
  }

  #onFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    switch (type) {
      case frameType.settings:
        if (!(flags & flag.ack)) {
          this.socket.write(frame(frameType.settings, flag.ack, 0, Buffer.alloc(0)));
        }
        return;
      case frameType.headers: {
        const fields = this.#decoder.decode(payload);
        const outcome = this.#outcome(streamId);
        for (const name of interesting) {
          const value = fields.get(name);
          if (value !== null) {
            outcome.fields[name] = value;
          }
        }
        break;
      }
      case frameType.data:
        this.#outcome(streamId).body += payload.toString("latin1");
        break;
      case frameType.resetStream:
        this.#outcome(streamId).end = errorCodeName(payload.readUInt32BE(0));
        return;
      case frameType.windowUpdate: {
        const bytes = payload.readUInt32BE(0);
        if (streamId === 0) {
          this.#connectionWindow += bytes;
        } else {
          this.#windows.set(streamId, (this.#windows.get(streamId) ?? defaultWindowBytes) + bytes);
        }
        return;
      }
      case frameType.ping:
        this.#pongs++;
        return;
      default:
        return;
    }
    if (flags & flag.endStream) {
      this.#outcome(streamId).end ??= "ended";
    }
  }
}
