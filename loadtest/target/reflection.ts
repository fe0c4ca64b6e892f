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
import { codeName } from "../../client/code-name.ts";
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
} from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { tlsConnectOptions } from "../transport/connect.ts";
import type { TlsOptions } from "../transport/transport.ts";
import { servicesOfFiles, wellKnownFile } from "./descriptor-set.ts";
import { repairFiles } from "./repair-files.ts";

/** v1alpha is the same on the wire but for its name, and older servers have only that. */
const versions = [
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
];
const timeoutMs = 5_000;
/** A server does not decide how much of our memory it takes. */
const mostFiles = 2_000;
const mostBytes = 32 * 1_024 * 1_024;
const mostServices = 500;

type Question = ServerReflectionRequest["messageRequest"];
type Ask = (question: Question) => Promise<ServerReflectionResponse["messageResponse"]>;

/**
 * Asks a server for the schema of the service that a name is of, or for all of them when the name has
 * no service in it.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 * @throws Error when the server can't be reached, or does not tell
 */
export async function reflect(url: string, tls: TlsOptions, rpc: string): Promise<DescService[]> {
  const session = new ReflectionSession(new URL(url), tls);
  const transport = createGrpcTransport({
    baseUrl: url,
    sessionManager: session,
    readMaxBytes: mostBytes,
  });
  try {
    const { ask, services } = await openReflection(transport);
    const files = new Map<string, FileDescriptorProto>();
    const wanted = services.filter(
      (name) => rpc.startsWith(`${name}/`) || rpc.startsWith(`${name}.`),
    );
    for (const service of wanted.length > 0 ? wanted : services.slice(0, mostServices)) {
      await collect(ask, { case: "fileContainingSymbol", value: service }, files);
    }
    return servicesOfFiles(repairFiles([...files.values()]), (missing, by) => {
      throw new Error(`The server at ${url} does not tell what ${missing} is, which ${by} imports`);
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
    const ask: Ask = (question) => askOnce(transport, typeName, question);
    try {
      const answer = await ask({ case: "listServices", value: "*" });
      const services =
        answer.case === "listServicesResponse" ? answer.value.service.map(({ name }) => name) : [];
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

/** Each question is a stream of its own, which every server can answer. */
async function askOnce(
  transport: Transport,
  typeName: string,
  question: Question,
): Promise<ServerReflectionResponse["messageResponse"]> {
  const { serverReflectionInfo } = ServerReflection.method;
  const method = { ...serverReflectionInfo, parent: { ...ServerReflection, typeName } };
  const request = create(ServerReflectionRequestSchema, { messageRequest: question });
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
  throw new ConnectError("the server ended reflection without an answer", Code.Internal);
}

/** Adds the files of an answer, and those that they import. */
async function collect(
  ask: Ask,
  question: Question,
  files: Map<string, FileDescriptorProto>,
): Promise<void> {
  const questions: Question[] = [question];
  for (let next = questions.pop(); next !== undefined; next = questions.pop()) {
    const answer = await ask(next);
    if (answer.case !== "fileDescriptorResponse") {
      throw new ConnectError("the server answered another question", Code.Internal);
    }
    for (const bytes of answer.value.fileDescriptorProto) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      files.set(file.name, file);
    }
    if (files.size > mostFiles) {
      throw new ConnectError(`the server's schema has more than ${mostFiles} files`, Code.Internal);
    }
    const asked = new Set(questions.map(({ value }) => value));
    const missing = new Set([...files.values()].flatMap(({ dependency }) => dependency));
    for (const name of missing) {
      if (!files.has(name) && !wellKnownFile(name) && !asked.has(name)) {
        questions.push({ case: "fileByFilename", value: name });
      }
    }
  }
}

function explain(url: string, rpc: string, error: ConnectError): Error {
  const instead = "give the schema with --descriptor-set FILE (buf build -o FILE)";
  if (error.code === Code.Unimplemented) {
    return new Error(
      `"${rpc}" is not in the project's schema, and the server at ${url} has no reflection; ${instead}`,
    );
  }
  const reason = `${codeName(error.code)}: ${error.rawMessage}`;
  return new Error(
    `Could not ask the server at ${url} for the schema of "${rpc}" (${reason}); ${instead}`,
  );
}

type SessionManager = NonNullable<Parameters<typeof createGrpcTransport>[0]["sessionManager"]>;

/**
 * One connection for a few calls, closed when they are done. Connect's own manager stops listening for
 * a connection's errors when it closes it: a GOAWAY that is on its way by then would end the process.
 */
class ReflectionSession implements SessionManager {
  readonly authority: string;
  readonly #session: ClientHttp2Session;

  constructor(url: URL, tls: TlsOptions) {
    this.authority = url.origin;
    this.#session = connect(url, tlsConnectOptions(url, tls));
    // Those who wait for something on the connection are told, too.
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
