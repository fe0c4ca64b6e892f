/** This project's HTTP/2 and protobuf-es and nothing else: the ceiling of a server on it, not a peer. */
import { createServer } from "node:net";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { envelope } from "@unblock/connect/adapter/envelope";
import {
  createServerConnection,
  encodeHeaderBlock,
  type StreamReceiver,
} from "@unblock/http2/server";
import { EchoRequestSchema, EchoResponseSchema } from "@unblock/proto/gen/echo/v1/echo_pb";
import { announceServer, listenLocally } from "../../harness/serve.ts";

/** Flags and length before a message. */
const prefixBytes = 5;
const header = encodeHeaderBlock([
  [":status", "200"],
  ["content-type", "application/grpc+proto"],
]);
const trailer = encodeHeaderBlock([["grpc-status", "0"]]);

const echo: StreamReceiver = {
  onEnd: (stream, body) => {
    const { text, number } = fromBinary(EchoRequestSchema, body.subarray(prefixBytes));
    const response = create(EchoResponseSchema, { text, number });
    stream.respond(header, envelope(0, toBinary(EchoResponseSchema, response)), trailer);
  },
};

const server = createServer({ noDelay: true }, (socket) => {
  createServerConnection(socket, {}, (stream) => stream.collect(echo));
});
announceServer(await listenLocally(server));
