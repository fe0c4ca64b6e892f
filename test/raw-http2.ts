import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { errorCodeName } from "@unblock/http2/errors";
import {
  defaultWindowBytes,
  flag,
  frame,
  frameType,
  maxWindowBytes,
  preface,
  settingsAck,
  settingsFrame,
  windowUpdateFrame,
} from "@unblock/http2/frames";
import { endsStream, RawPeer, type ReceivedFrame } from "@unblock/http2/testing/raw-peer";
import { vi } from "vitest";

/** Data that a server sent on a stream. */
export interface StreamOutcome {
  /** Header fields and trailers by name. */
  readonly fields: Record<string, string>;
  body: string;
  /** "ended" after END_STREAM, or the error code of RST_STREAM; undefined while the stream is open. */
  end: string | undefined;
}

const interesting = [":status", "content-type", "grpc-status", "grpc-message"];

/** An HTTP/2 connection on which a test writes its own frames, as a faulty or hostile client does. */
export class RawHttp2 extends RawPeer {
  readonly streams = new Map<number, StreamOutcome>();
  #connectionWindow = defaultWindowBytes;
  readonly #windows = new Map<number, number>();

  private constructor(socket: Socket) {
    super(socket);
    // The server never waits for window updates.
    const window = windowUpdateFrame(0, maxWindowBytes - defaultWindowBytes);
    this.write(preface, settingsFrame([]), window);
  }

  /** @param url `http://host:port` */
  static async open(url: string): Promise<RawHttp2> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, "connect");
    return new RawHttp2(socket);
  }

  override headers(...[streamId, fields, endStream = false]: Parameters<RawPeer["headers"]>) {
    return super.headers(streamId, fields, endStream);
  }

  data(streamId: number, payload: Uint8Array, endStream = false): Buffer {
    return frame(frameType.data, endStream ? flag.endStream : 0, streamId, payload);
  }

  /** Sends data when the server's windows allow; sends nothing if they do not within 200 ms or the stream has ended. */
  async sendData(streamId: number, payload: Uint8Array): Promise<void> {
    const window = () =>
      Math.min(this.#connectionWindow, this.#windows.get(streamId) ?? defaultWindowBytes);
    const isOver = () => this.isClosed || this.streams.get(streamId)?.end !== undefined;
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
    this.#widen(streamId, -payload.length);
    this.write(this.data(streamId, payload));
  }

  override async ended(streamId: number): Promise<void> {
    // Known from now on, also if the server says nothing of it.
    this.#outcome(streamId);
    await super.ended(streamId);
  }

  close(): void {
    this.socket.destroy();
  }

  #widen(streamId: number, bytes: number): void {
    this.#windows.set(streamId, (this.#windows.get(streamId) ?? defaultWindowBytes) + bytes);
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

  protected override onFrame(received: ReceivedFrame): void {
    const { type, flags, streamId, payload } = received;
    switch (type) {
      case frameType.settings:
        if (!(flags & flag.ack)) {
          this.write(settingsAck);
        }
        break;
      case frameType.headers: {
        const fields = this.decode(payload);
        const outcome = this.#outcome(streamId);
        for (const name of interesting) {
          const value = fields.get(name);
          if (value !== undefined) {
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
        break;
      case frameType.windowUpdate:
        if (streamId === 0) {
          this.#connectionWindow += payload.readUInt32BE(0);
        } else {
          this.#widen(streamId, payload.readUInt32BE(0));
        }
    }
    if (endsStream(received)) {
      this.#outcome(streamId).end ??= "ended";
    }
  }
}
