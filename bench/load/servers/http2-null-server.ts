/**
 * A null server on this project's HTTP/2: any path, the response is the request's message. Nothing
 * but frames, so that a client's own limit shows.
 */
import { createServer } from "node:net";
import {
  createServerConnection,
  encodeHeaderBlock,
  type StreamReceiver,
} from "@unblock/http2/server";
import { announce, listenLocally } from "../../harness/serve.ts";

const header = encodeHeaderBlock([
  [":status", "200"],
  ["content-type", "application/grpc+proto"],
]);
const trailer = encodeHeaderBlock([["grpc-status", "0"]]);

/** The message comes in gRPC's envelope, and leaves in it. */
const echo: StreamReceiver = { onEnd: (stream, body) => stream.respond(header, body, trailer) };

const server = createServer({ noDelay: true }, (socket) => {
  createServerConnection(socket, {}, (stream) => stream.collect(echo));
});
announce(await listenLocally(server));
