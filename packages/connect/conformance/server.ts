import type { Readable } from "node:stream";
import { parseArgs } from "node:util";
import {
  create,
  createRegistry,
  type DescMessage,
  fromBinary,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { createAdapter } from "../adapter/adapter.ts";
import { http2Implementations, listen, type TlsConfig } from "../listener/listener.ts";
import {
  type ServerCompatRequest,
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
} from "./gen/connectrpc/conformance/v1/server_compat_pb.ts";
import {
  ConformanceService,
  file_connectrpc_conformance_v1_service,
} from "./gen/connectrpc/conformance/v1/service_pb.ts";
import { conformanceService } from "./service.ts";

const host = "127.0.0.1";
/** Poll interval for the runner's exit, in milliseconds. */
const parentPollMs = 1_000;

/** Size of the big-endian length before each message. */
const prefixBytes = 4;

const { values } = parseArgs({ options: { http2: { type: "string" } } });
const http2 = http2Implementations.find((name) => name === values.http2) ?? "unblock";
endWithParent();
const request = await readMessage(process.stdin, ServerCompatRequestSchema);
const adapter = createAdapter({
  routes: (router) => router.service(ConformanceService, conformanceService),
  ...(request.messageReceiveLimit > 0 && { readMaxBytes: request.messageReceiveLimit }),
  // Responses contain the requests as `google.protobuf.Any`.
  jsonOptions: { registry: createRegistry(file_connectrpc_conformance_v1_service) },
});
const { port } = await listen({ host, port: 0, tls: tlsOf(request), http2 }, adapter);
const response = create(ServerCompatResponseSchema, {
  host,
  port,
  pemCert: request.serverCreds?.cert ?? new Uint8Array(),
});
process.stdout.write(frame(ServerCompatResponseSchema, response));

function tlsOf({ serverCreds, clientTlsCert }: ServerCompatRequest): TlsConfig | undefined {
  if (serverCreds === undefined) {
    return undefined;
  }
  return {
    cert: Buffer.from(serverCreds.cert).toString(),
    key: Buffer.from(serverCreds.key).toString(),
    ...(clientTlsCert.length > 0 && { clientCa: Buffer.from(clientTlsCert).toString() }),
  };
}

/** Exits with the runner, which leaves its servers running when it is killed. */
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) {
      process.exit(1);
    }
  }, parentPollMs).unref();
}

/** @throws Error when the input ends before the message */
async function readMessage<Desc extends DescMessage>(
  input: Readable,
  schema: Desc,
): Promise<MessageShape<Desc>> {
  let received = Buffer.alloc(0);
  for await (const chunk of input) {
    received = Buffer.concat([received, chunk]);
    if (received.length < prefixBytes) {
      continue;
    }
    const end = prefixBytes + received.readUInt32BE();
    if (received.length >= end) {
      return fromBinary(schema, received.subarray(prefixBytes, end));
    }
  }
  throw new Error(
    `Expected a length and a ${schema.typeName} on standard input, got ${received.length} bytes. ` +
      "connectconformance starts this server; run: npm run conformance",
  );
}

function frame<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): Buffer {
  const bytes = toBinary(schema, message);
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(bytes.length);
  return Buffer.concat([prefix, bytes]);
}
