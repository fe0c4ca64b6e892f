import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
} from "node:http2";
import { create, type DescService, fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { codeName } from "@unblock/connect/code-name";
import { type TlsOptions, tlsConnectOptions } from "@unblock/http2/client";
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
} from "@unblock/proto/gen/grpc/reflection/v1/reflection_pb";
import { servicesOfFiles, wellKnownFiles } from "./descriptor-set.ts";
import { repairFiles } from "./repair-files.ts";

/** Older servers have only v1alpha, which differs only in its name. */
const versions = [
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
];
const timeoutMs = 5_000;
/** Limits of the memory that a server can use up in this client. */
const maxFiles = 2_000;
const maxBytes = 32 * 1_024 * 1_024;
const maxServices = 500;

type Query = ServerReflectionRequest["messageRequest"];
type Ask = (query: Query) => Promise<ServerReflectionResponse["messageResponse"]>;

/**
 * Reads the schema of the named RPC's service by server reflection; of all services if the name has
 * none.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 * @throws Error when the server can't be reached or has no reflection
 */
export async function reflect(url: string, tls: TlsOptions, rpc: string): Promise<DescService[]> {
  const session = new ReflectionSession(new URL(url), tls);
  const transport = createGrpcTransport({
    baseUrl: url,
    sessionManager: session,
    readMaxBytes: maxBytes,
  });
  try {
    const { ask, services } = await openReflection(transport);
    const files = new Map<string, FileDescriptorProto>();
    const wanted = services.filter(
      (name) => rpc.startsWith(`${name}/`) || rpc.startsWith(`${name}.`),
    );
    for (const service of wanted.length > 0 ? wanted : services.slice(0, maxServices)) {
      await collect(ask, { case: "fileContainingSymbol", value: service }, files);
    }
    return servicesOfFiles(repairFiles([...files.values()]), (missing, by) => {
      throw new Error(`The server at ${url} does not return ${missing}, which ${by} imports`);
    });
  } catch (error) {
    throw error instanceof ConnectError ? explain(url, rpc, error) : error;
  } finally {
    session.close();
  }
}

async function openReflection(
  transport: Transport,
): Promise<{ ask: Ask; services: readonly string[] }> {
  let unimplemented: unknown;
  for (const typeName of versions) {
    const ask: Ask = (query) => askOnce(transport, typeName, query);
    try {
      const response = await ask({ case: "listServices", value: "*" });
      const services =
        response.case === "listServicesResponse"
          ? response.value.service.map(({ name }) => name)
          : [];
      return { ask, services };
    } catch (error) {
      if (ConnectError.from(error).code !== Code.Unimplemented) {
        throw error;
      }
      unimplemented = error;
    }
  }
  throw unimplemented;
}

/** Uses one stream per request, which every server supports. */
async function askOnce(
  transport: Transport,
  typeName: string,
  query: Query,
): Promise<ServerReflectionResponse["messageResponse"]> {
  const { serverReflectionInfo } = ServerReflection.method;
  const method = { ...serverReflectionInfo, parent: { ...ServerReflection, typeName } };
  const request = create(ServerReflectionRequestSchema, { messageRequest: query });
  const requests = (async function* () {
    yield request;
  })();
  const response = await transport.stream(method, undefined, timeoutMs, undefined, requests);
  for await (const { messageResponse } of response.message) {
    if (messageResponse.case === "errorResponse") {
      const { errorCode, errorMessage } = messageResponse.value;
      throw new ConnectError(errorMessage, errorCode);
    }
    return messageResponse;
  }
  throw new ConnectError("the server ended reflection without a response", Code.Internal);
}

/** Adds the files of a response and their imports. */
async function collect(
  ask: Ask,
  query: Query,
  files: Map<string, FileDescriptorProto>,
): Promise<void> {
  const queries: Query[] = [query];
  for (let next = queries.pop(); next !== undefined; next = queries.pop()) {
    const response = await ask(next);
    if (response.case !== "fileDescriptorResponse") {
      throw new ConnectError("the response is not a file descriptor", Code.Internal);
    }
    for (const bytes of response.value.fileDescriptorProto) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      files.set(file.name, file);
    }
    if (files.size > maxFiles) {
      throw new ConnectError(`the server's schema has more than ${maxFiles} files`, Code.Internal);
    }
    const asked = new Set(queries.map(({ value }) => value));
    const missing = new Set([...files.values()].flatMap(({ dependency }) => dependency));
    for (const name of missing) {
      if (!files.has(name) && !wellKnownFiles.has(name) && !asked.has(name)) {
        queries.push({ case: "fileByFilename", value: name });
      }
    }
  }
}

function explain(url: string, rpc: string, error: ConnectError): Error {
  const instead = "pass the schema with --descriptor-set FILE (buf build -o FILE)";
  if (error.code === Code.Unimplemented) {
    return new Error(
      `"${rpc}" is not in the project's schema, and the server at ${url} has no reflection; ${instead}`,
    );
  }
  const reason = `${codeName(error.code)}: ${error.rawMessage}`;
  return new Error(
    `Could not read the schema of "${rpc}" from the server at ${url} (${reason}); ${instead}`,
  );
}

type SessionManager = NonNullable<Parameters<typeof createGrpcTransport>[0]["sessionManager"]>;

/**
 * One connection for a few calls. Connect's own session manager removes its error listener when it
 * closes a connection, so that a GOAWAY received then would end the process.
 */
class ReflectionSession implements SessionManager {
  readonly authority: string;
  readonly #session: ClientHttp2Session;

  constructor(url: URL, tls: TlsOptions) {
    this.authority = url.origin;
    this.#session = connect(url, tlsConnectOptions(url, tls));
    // Streams and "connect" report the error, too.
    this.#session.on("error", () => {});
  }

  async request(
    method: string,
    path: string,
    headers: OutgoingHttpHeaders,
  ): Promise<ClientHttp2Stream> {
    if (this.#session.connecting) {
      await once(this.#session, "connect");
    }
    return this.#session.request({ ...headers, ":method": method, ":path": path });
  }

  notifyResponseByteRead(): void {}

  close(): void {
    this.#session.destroy();
  }
}
