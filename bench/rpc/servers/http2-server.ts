/** node:http2 and protobuf-es and nothing else: one RPC, no errors, no deadlines. A ceiling, not a peer. */
import { createServer, type ServerHttp2Stream } from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { EchoRequestSchema, EchoResponseSchema } from "../../../gen/echo/v1/echo_pb.ts";
import { envelope } from "../../../server/rpc/adapter/envelope.ts";
import { listenLocally } from "../../harness/listen.ts";
import { announceServer } from "./serve.ts";

/** Flags and length before a message. */
const prefixBytes = 5;
const header = { ":status": 200, "content-type": "application/grpc+proto" };

const server = createServer();
server.on("stream", (stream: ServerHttp2Stream) => {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => {
    const bytes = Buffer.concat(chunks).subarray(prefixBytes);
    const { text, number } = fromBinary(EchoRequestSchema, bytes);
    const response = create(EchoResponseSchema, { text, number });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.respond(header, { waitForTrailers: true });
    stream.end(envelope(0, toBinary(EchoResponseSchema, response)));
  });
});
announceServer(await listenLocally(server));
