/**
 * Servers with the same echo RPCs: other people's, and two that are ceilings and not peers. The argument names the
 * one to start.
 */
import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServiceDefinition,
} from "@grpc/grpc-js";
import {
  type EchoRequest,
  EchoRequestSchema,
  type EchoResponse,
  EchoResponseSchema,
  EchoService,
} from "@unblock/proto/gen/echo/v1/echo_pb";
import { announce, createCertificate, listenLocally, serveFrames } from "../../harness/serve.ts";
import { routes } from "./echo.ts";

const { values, positionals } = parseArgs({
  options: { tls: { type: "boolean" } },
  allowPositionals: true,
});
const [name = ""] = positionals;

type Fields = Pick<EchoRequest & EchoResponse, "text" | "number">;

/** Starts a server and returns its URL. Each imports only its own framework. */
const peers: Readonly<Record<string, () => Promise<string>>> = {
  "connect-node": async () => listenLocally(createHttp2Server(await createConnectHandler())),
  "connect-node 1.1": async () => listenLocally(createHttp1Server(await createConnectHandler())),
  fastify: startFastify,
  "grpc-js": startGrpcJs,
  "node:http2": startBareHttp2,
  frames: startFrames,
};

async function createConnectHandler() {
  const { connectNodeAdapter } = await import("@connectrpc/connect-node");
  return connectNodeAdapter({ routes });
}

/** fastify with JSON schemas of request and response, at Connect's path. */
async function startFastify(): Promise<string> {
  const { fastify } = await import("fastify");
  const message = {
    type: "object",
    properties: { text: { type: "string" }, number: { type: "integer" } },
  } as const;
  const app = fastify();
  app.post<{ Body: Fields }>(
    `/${EchoService.typeName}/${EchoService.method.echo.name}`,
    { schema: { body: message, response: { 200: message } } },
    async ({ body: { text, number } }) => ({ text, number }),
  );
  return app.listen({ host: "127.0.0.1", port: 0 });
}

interface Payload {
  readonly payload: Uint8Array;
}

/** Streams are written without waiting for "drain", which is how most servers do it, and faster. */
const grpcJsHandlers: {
  readonly echo: handleUnaryCall<Fields, Fields>;
  readonly repeat: handleServerStreamingCall<{ bytes: number; times: number }, Payload>;
  readonly count: handleClientStreamingCall<Payload, { messages: number }>;
  readonly mirror: handleBidiStreamingCall<Payload, Payload>;
} = {
  echo: ({ request: { text, number } }, respond) => respond(null, { text, number }),
  repeat: (call) => {
    const payload = new Uint8Array(call.request.bytes);
    for (let sent = 0; sent < call.request.times; sent++) {
      call.write({ payload });
    }
    call.end();
  },
  count: (call, respond) => {
    let messages = 0;
    call.on("data", () => messages++);
    call.on("end", () => respond(null, { messages }));
  },
  mirror: (call) => {
    call.on("data", ({ payload }: Payload) => call.write({ payload }));
    call.on("end", () => call.end());
  },
};

/** grpc-js with proto-loader, like most gRPC servers on Node. */
async function startGrpcJs(): Promise<string> {
  const { Server, ServerCredentials } = await import("@grpc/grpc-js");
  const { load } = await import("@grpc/proto-loader");
  const proto = fileURLToPath(new URL("../proto/echo/v1/echo.proto", import.meta.url));
  const service = (await load(proto))["echo.v1.EchoService"] as ServiceDefinition;
  const server = new Server();
  server.addService(service, grpcJsHandlers);
  const port = await promisify(server.bindAsync.bind(server))("127.0.0.1:0", await credentials());
  return `${values.tls ? "https" : "http"}://127.0.0.1:${port}`;

  async function credentials() {
    if (!values.tls) {
      return ServerCredentials.createInsecure();
    }
    const { cert, key } = await createCertificate();
    const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
    return ServerCredentials.createSsl(null, [pair]);
  }
}

/** Flags and length before a message. */
const prefixBytes = 5;

/** Reads the message of a request and returns the message of its response, in its envelope. */
async function createEcho(): Promise<(body: Buffer) => Uint8Array> {
  const { envelope } = await import("@unblock/connect/adapter/envelope");
  return (body) => {
    const { text, number } = fromBinary(EchoRequestSchema, body.subarray(prefixBytes));
    const response = create(EchoResponseSchema, { text, number });
    return envelope(0, toBinary(EchoResponseSchema, response));
  };
}

/** node:http2 and protobuf-es alone: one RPC, no errors, no deadlines. */
async function startBareHttp2(): Promise<string> {
  const echo = await createEcho();
  const header = { ":status": 200, "content-type": "application/grpc+proto" };
  const server = createHttp2Server();
  server.on("stream", (stream: ServerHttp2Stream) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const response = echo(Buffer.concat(chunks));
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.respond(header, { waitForTrailers: true });
      stream.end(response);
    });
  });
  return listenLocally(server);
}

/** This project's HTTP/2 and protobuf-es alone. */
async function startFrames(): Promise<string> {
  return serveFrames(await createEcho());
}

const start = peers[name];
if (start === undefined) {
  throw new Error(`Expected one of ${Object.keys(peers).join(", ")}, got "${name}"`);
}
announce(await start());
