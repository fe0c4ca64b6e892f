import {
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
  type Settings,
} from "node:http2";
import { createServer, type Socket } from "node:net";
import { listen, type TestEndpoint } from "@unblock/test/listen";
import {
  type Fields,
  Http2Transport,
  type Receiver,
  type RequestHead,
  type Sending,
  type TlsOptions,
  type Transport,
  type TransportFailure,
} from "../client/index.ts";
import { flag, frame, frameType, preface, settingsFrame } from "../frames.ts";
import type { Field } from "../hpack-table.ts";
import { closeLater } from "./close-later.ts";
import { RawPeer, type ReceivedFrame } from "./raw-peer.ts";

/** Records a response: its events in order, and the data. */
export class Recorded implements Receiver {
  readonly events: string[] = [];
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
  /** Resolves when the response ends or fails. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }
  head(status: number, fields: Fields): void {
    this.events.push(`head ${status}`);
    this.header = fields;
    this.#headed.resolve();
  }
  data(chunk: Buffer): void {
    this.chunks.push(Buffer.from(chunk));
  }
  trailers(fields: Fields): void {
    this.events.push(`trailers ${fields.get("grpc-status")}`);
  }
  end(): void {
    this.events.push("end");
    this.#ended.resolve();
  }
  fail(failure: TransportFailure): void {
    this.events.push(`fail ${failure.code}`);
    this.failure = failure;
    this.#ended.resolve();
  }
}

/** Opens an HTTP/2 transport, closed after the test. */
export function open(
  url: string,
  connections = 1,
  tls: TlsOptions = { insecure: false },
): Transport {
  const transport = new Http2Transport({ url: new URL(url), connections, tls });
  closeLater(() => transport.close());
  return transport;
}

export interface Call extends Recorded {
  readonly sending: Sending;
}

/** Sends one request, by default a POST to "/" with the body "hi". */
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

/** Starts a TCP server, closed after the test. */
export async function serveSockets(onSocket: (socket: Socket) => void): Promise<TestEndpoint> {
  const endpoint = await listen(createServer(onSocket));
  closeLater(() => endpoint.close());
  return endpoint;
}

/** The server's side of a connection, driven by the test frame by frame. */
export class Peer extends RawPeer {
  #respond: (streamId: number) => void = () => {};

  constructor(socket: Socket) {
    super(socket, preface);
  }

  protected override onFrame({ type, streamId }: ReceivedFrame): void {
    if (type === frameType.headers) {
      this.#respond(streamId);
    }
  }

  /** Calls `respond` with the stream of each request. */
  onRequest(respond: (streamId: number) => void): this {
    this.#respond = respond;
    return this;
  }

  /** Sends the server's settings. */
  greet(...settings: readonly (readonly [number, number])[]): this {
    return this.send(settingsFrame(settings));
  }

  send(...frames: readonly Uint8Array[]): this {
    this.write(...frames);
    return this;
  }

  sendHeaders(streamId: number, fields: readonly Field[], endStream = false): this {
    return this.send(this.headers(streamId, fields, endStream));
  }

  /** Sends a complete response without a body. */
  respond(streamId: number): this {
    return this.sendHeaders(streamId, [[":status", "200"]], true);
  }

  sendData(streamId: number, data: string, endStream = false): this {
    const flags = endStream ? flag.endStream : 0;
    return this.send(frame(frameType.data, flags, streamId, Buffer.from(data)));
  }
}

/** Starts a server whose connections are driven frame by frame. */
export function serveFrames(onPeer: (peer: Peer) => void): Promise<TestEndpoint> {
  return serveSockets((socket) => onPeer(new Peer(socket)));
}

/** Starts a node:http2 server, closed after the test. */
export async function serve(
  onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  { settings, port }: { readonly settings?: Settings; readonly port?: number } = {},
): Promise<TestEndpoint> {
  const server = createHttp2Server(settings === undefined ? {} : { settings });
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    // Cancelled streams emit an error.
    stream.on("error", () => {});
    onStream(stream, headers);
  });
  const endpoint = await listen(server, port === undefined ? {} : { port });
  closeLater(() => endpoint.close());
  return endpoint;
}

/** Responds with the request's body and the trailer `grpc-status: 0`. */
export function echo(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200 }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.pipe(stream);
}
