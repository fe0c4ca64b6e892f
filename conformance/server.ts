import { parseArgs } from "node:util";
import { create, createRegistry } from "@bufbuild/protobuf";
import { createAdapter } from "../server/rpc/adapter/adapter.ts";
import { listen, type TlsConfig } from "../server/rpc/listener/listener.ts";
import { frame, readMessage } from "./framing.ts";
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
/** How often it is seen whether the runner is still there, in milliseconds. */
const lookMs = 1_000;

const { values } = parseArgs({ options: { stock: { type: "boolean", default: false } } });
endWithParent();
const request = await readMessage(process.stdin, ServerCompatRequestSchema);
const adapter = createAdapter({
  routes: (router) => router.service(ConformanceService, conformanceService),
  directLane: !values.stock,
  ...(request.messageReceiveLimit > 0 && { readMaxBytes: request.messageReceiveLimit }),
  // Requests have others in them, and are told back to the caller.
  jsonOptions: { registry: createRegistry(file_connectrpc_conformance_v1_service) },
});
const { port } = await listen({ host, port: 0, tls: tlsOf(request) }, adapter);
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

/** A runner that is killed does not end its servers. */
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) {
      process.exit(1);
    }
  }, lookMs).unref();
}
