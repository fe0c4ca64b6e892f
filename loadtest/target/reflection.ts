import { create, type DescService, fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { reasonOf } from "@unblock/errors/failure";
import type { TlsOptions } from "@unblock/http2/client";
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from "@unblock/proto/gen/grpc/reflection/v1/reflection_pb";
import { createDriver } from "../drivers/create-driver.ts";
import type { CallResult, Driver } from "../drivers/driver.ts";
import { prefixBytes } from "../drivers/wire.ts";
import { repairFiles, servicesOfFiles, wellKnownFiles } from "./descriptor-set.ts";

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
type Reply = ServerReflectionResponse["messageResponse"];
type Ask = (query: Query) => Promise<Reply>;

class ReflectionError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Reads the schema of the named RPC's service by server reflection; of all services if the name has
 * none.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 * @throws Error when the server can't be reached or has no reflection
 */
export async function reflect(url: string, tls: TlsOptions, rpc: string): Promise<DescService[]> {
  const driver = createDriver({ baseUrl: url, protocol: "grpc", tls });
  try {
    await driver.connect();
    const { ask, services } = await openReflection(driver);
    const files = new Map<string, FileDescriptorProto>();
    const wanted = services.filter(
      (name) => rpc.startsWith(`${name}/`) || rpc.startsWith(`${name}.`),
    );
    for (const service of wanted.length > 0 ? wanted : services.slice(0, maxServices)) {
      await collect(ask, { case: "fileContainingSymbol", value: service }, files);
    }
    return servicesOfFiles(repairFiles([...files.values()]));
  } catch (error) {
    const what =
      error instanceof ReflectionError && error.code === "unimplemented"
        ? `"${rpc}" is not in the project's schema, and the server at ${url} has no reflection`
        : `Could not read the schema of "${rpc}" from the server at ${url} (${reasonOf(error)})`;
    throw new Error(`${what}; pass the schema with --descriptor-set FILE (buf build -o FILE)`);
  } finally {
    driver.close();
  }
}

async function openReflection(driver: Driver): Promise<{ ask: Ask; services: string[] }> {
  let unimplemented: unknown;
  for (const typeName of versions) {
    const ask: Ask = (query) => askOnce(driver, typeName, query);
    try {
      const reply = await ask({ case: "listServices", value: "*" });
      const listed = reply.case === "listServicesResponse" ? reply.value.service : [];
      return { ask, services: listed.map(({ name }) => name) };
    } catch (error) {
      if (!(error instanceof ReflectionError && error.code === "unimplemented")) {
        throw error;
      }
      unimplemented = error;
    }
  }
  throw unimplemented;
}

/** Uses one stream per request, which every server supports. */
async function askOnce(driver: Driver, typeName: string, query: Query): Promise<Reply> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const send = driver.prepare({
    method: {
      ...ServerReflection.method.serverReflectionInfo,
      parent: { ...ServerReflection, typeName },
      methodKind: "server_streaming",
    },
    request: create(ServerReflectionRequestSchema, { messageRequest: query }),
    header: {},
    timeoutMs,
    onBody: (chunk) => {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        call.cancel("resource_exhausted", `the server's response exceeds ${maxBytes} bytes`);
      } else {
        chunks.push(Buffer.from(chunk));
      }
    },
  });
  const { promise, resolve } = Promise.withResolvers<CallResult>();
  const call = send(resolve);
  const { code, message } = await promise;
  const body = Buffer.concat(chunks);
  if (code !== "ok" || body.length < prefixBytes) {
    throw new ReflectionError(code, `${code}: ${message || "no response"}`);
  }
  const end = prefixBytes + body.readUInt32BE(1);
  const { messageResponse } = fromBinary(
    ServerReflectionResponseSchema,
    body.subarray(prefixBytes, end),
  );
  if (messageResponse.case === "errorResponse") {
    throw new ReflectionError("not_found", messageResponse.value.errorMessage);
  }
  return messageResponse;
}

async function collect(
  ask: Ask,
  query: Query,
  files: Map<string, FileDescriptorProto>,
): Promise<void> {
  const queries: Query[] = [query];
  for (let next = queries.pop(); next !== undefined; next = queries.pop()) {
    const reply = await ask(next);
    if (reply.case !== "fileDescriptorResponse") {
      throw new Error("the response is not a file descriptor");
    }
    for (const bytes of reply.value.fileDescriptorProto) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      files.set(file.name, file);
    }
    if (files.size > maxFiles) {
      throw new Error(`the server's schema has more than ${maxFiles} files`);
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
