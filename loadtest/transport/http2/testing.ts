import {
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
  type Settings,
} from "node:http2";
import { createServer, type Socket } from "node:net";
import { afterEach } from "vitest";
import { listen, type TestEndpoint } from "../../../testing/listen.ts";
import type {
  Fields,
  Receiver,
  RequestHead,
  Sending,
  TlsOptions,
  Transport,
  TransportFailure,
} from "../transport.ts";
import { FrameReader } from "./frame-reader.ts";
import { flag, frame, frameType, headersFrames, preface, settingsFrame } from "./frames.ts";
import { HpackEncoder } from "./hpack-encoder.ts";
import type { Field } from "./hpack-table.ts";
import { createHttp2Transport } from "./transport.ts";

/** What a receiver was told, in order. */
export class Recorded implements Receiver {
  readonly told: string[] = [];
  readonly chunks: Buffer[] = [];
  header: Fields | undefined;
  failure: TransportFailure | undefined;
  readonly #headed = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();

  get body(): Buffer {
    return Buffer.concat(this.chunks);
  }
  get headed(): Promise<void> {
    return this.#headed.promise;
  }
  /** Also when it fails. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }
  head(status: number, fields: Fields): void {
    this.told.push(`head ${status}`);
    this.header = fields;
    this.#headed.resolve();
  }
  data(chunk: Buffer): void {
    this.chunks.push(Buffer.from(chunk));
  }
  trailers(fields: Fields): void {
    this.told.push(`trailers ${fields.get("grpc-status")}`);
  }
  end(): void {
    this.told.push("end");
    this.#ended.resolve();
  }
  fail(failure: TransportFailure): void {
    this.told.push(`fail ${failure.code}`);
    this.failure = failure;
    this.#ended.resolve();
  }
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

/** Has it run after the test. */
export function closeLater(close: () => unknown): void {
  closers.push(close);
}

/** A transport that is closed after the test. */
export function open(
  url: string,
  connections = 1,
  tls: TlsOptions = { insecure: false },
): Transport {
  const transport = createHttp2Transport({ url: new URL(url), connections, tls });
  closers.push(() => transport.close());
  return transport;
}

export interface Call extends Recorded {
  readonly sending: Sending;
}

/** Sends one request: a POST to "/" with the body "hi", unless asked otherwise. */
export function send(
  transport: Transport,
  head: Partial<RequestHead> = {},
  body: string | Buffer = "hi",
  receiver = new Recorded(),
): Call {
  const request = transport.prepare(
    { method: "POST", path: "/", fields: {}, ...head },
    Buffer.from(body),
  );
  return Object.assign(receiver, { sending: request.send(receiver) });
}

/** A server on `net` alone, closed after the test. */
export async function serveSockets(onSocket: (socket: Socket) => void): Promise<TestEndpoint> {
  const endpoint = await listen(createServer(onSocket));
  closers.push(() => endpoint.close());
  return endpoint;
}

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** The server's side of a connection, played by the test frame by frame. */
export class Peer {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  readonly #encoder = new HpackEncoder();
  #onFrame: (frame: Frame) => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    const reader = new FrameReader((type, flags, streamId, payload) => {
      const received = { type, flags, streamId, payload };
      this.frames.push(received);
      this.#onFrame(received);
    });
    let start = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      if (start.length >= preface.length) {
        reader.read(chunk);
        return;
      }
      start = Buffer.concat([start, chunk]);
      if (start.length >= preface.length) {
        reader.read(start.subarray(preface.length));
      }
    });
  }

  /** Calls for each of the client's requests, with its stream. */
  onRequest(answer: (streamId: number) => void): this {
    this.#onFrame = ({ type, streamId }) => {
      if (type === frameType.headers) {
        answer(streamId);
      }
    };
    return this;
  }

  /** The server's first words. */
  greet(...settings: readonly (readonly [number, number])[]): this {
    return this.send(settingsFrame(settings));
  }

  send(...frames: readonly Uint8Array[]): this {
    this.socket.write(Buffer.concat(frames));
    return this;
  }

  sendHeaders(streamId: number, fields: readonly Field[], endStream = false): this {
    return this.send(headersFrames(streamId, this.#encoder.encode(fields), endStream));
  }

  /** A whole response without a body. */
  answer(streamId: number): this {
    return this.sendHeaders(streamId, [[":status", "200"]], true);
  }

  sendData(streamId: number, data: string, endStream = false): this {
    const flags = endStream ? flag.endStream : 0;
    return this.send(frame(frameType.data, flags, streamId, Buffer.from(data)));
  }

  /** The client's frames of a type, so far. */
  framesOf(type: number): Frame[] {
    return this.frames.filter((received) => received.type === type);
  }
}

/** Plays the server for each connection. */
export function serveFrames(onPeer: (peer: Peer) => void): Promise<TestEndpoint> {
  return serveSockets((socket) => onPeer(new Peer(socket)));
}

/** A server of Node's own, closed after the test. */
export async function serve(
  onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  { settings, port }: { readonly settings?: Settings; readonly port?: number } = {},
): Promise<TestEndpoint> {
  const server = createHttp2Server(settings === undefined ? {} : { settings });
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    // One that is cancelled says so as an error.
    stream.on("error", () => {});
    onStream(stream, headers);
  });
  const endpoint = await listen(server, port === undefined ? {} : { port });
  closers.push(() => endpoint.close());
  return endpoint;
}

/** Sends a request's body back, and "0" as the trailer grpc-status. */
export function echo(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200 }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.pipe(stream);
}
