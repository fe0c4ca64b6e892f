import { once } from "node:events";
import { connect, createServer } from "node:net";
import { listen, type TestEndpoint } from "@unblock/test/listen";
import { flag, frame, frameType, preface, settingsAck, settingsFrame } from "../frames.ts";
import type { Field } from "../hpack-table.ts";
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
import { closeLater } from "./close-later.ts";
import { RawPeer } from "./raw-peer.ts";

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

export const get: readonly Field[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "localhost"],
];
export const post: readonly Field[] = [[":method", "POST"], ...get.slice(1)];

/** Connects to a server, and unless told otherwise exchanges settings. */
export async function openPeer(port: number, isGreeting = true): Promise<RawPeer> {
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

export function data(id: number, payload: string | Uint8Array, endStream = true): Buffer {
  return frame(frameType.data, endStream ? flag.endStream : 0, id, Buffer.from(payload));
}
