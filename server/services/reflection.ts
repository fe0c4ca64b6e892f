import {
  createRegistry,
  type DescExtension,
  type DescFile,
  type DescService,
  type Registry,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { shorten } from "@unblock/errors/quote";
import { TimedOut, unlessAborted, withTimeout } from "@unblock/executors/waiting";
import {
  ServerReflection,
  type ServerReflectionRequest,
} from "@unblock/proto/gen/grpc/reflection/v1/reflection_pb";
import {
  type ServerReflectionRequest as AlphaRequest,
  ServerReflection as ServerReflectionAlpha,
} from "@unblock/proto/gen/grpc/reflection/v1alpha/reflection_pb";

const maxNameCharacters = 1_000;
/** Max request bytes: names are short, and each of 1,000 streams may hold half a message. */
const maxRequestBytes = 8 * 1024;

type ReflectionRequest = (ServerReflectionRequest | AlphaRequest)["messageRequest"];

export interface ReflectionLimits {
  /** Idle time after which a stream ends, in milliseconds. */
  readonly idleMs: number;
  /** Ends the streams, whose callers would not leave by themselves. */
  readonly stopSignal: AbortSignal;
}

/**
 * Serves the schema to clients without proto files, such as grpcurl. The two versions differ only in their
 * name.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
export function routeReflection(
  router: ConnectRouter,
  services: readonly DescService[],
  { idleMs, stopSignal }: ReflectionLimits,
): void {
  const reflected = [...services, ServerReflection, ServerReflectionAlpha];
  const names = reflected.map(({ typeName }) => typeName).sort();
  const files = new Map(
    reflected.flatMap(({ file }) => withImports(file)).map((file) => [file.proto.name, file]),
  );
  const schema = { names, files, registry: createRegistry(...files.values()) };
  const respond = async function* (
    requests: AsyncIterable<{ readonly host: string; readonly messageRequest: ReflectionRequest }>,
  ) {
    for await (const { host, messageRequest } of untilIdle(requests, idleMs, stopSignal)) {
      yield { validHost: host, messageResponse: responseTo(schema, messageRequest) };
    }
  };
  const limits = { readMaxBytes: maxRequestBytes };
  router.service(ServerReflection, { serverReflectionInfo: respond }, limits);
  router.service(ServerReflectionAlpha, { serverReflectionInfo: respond }, limits);
}

function withImports(file: DescFile): DescFile[] {
  return [file, ...file.dependencies.flatMap(withImports)];
}

interface Schema {
  readonly names: readonly string[];
  /** The files that declare them, with all their imports, by name. */
  readonly files: ReadonlyMap<string, DescFile>;
  readonly registry: Registry;
}

function responseTo({ names, files, registry }: Schema, request: ReflectionRequest) {
  const what = shorten(nameIn(request));
  switch (request.case) {
    case "listServices":
      return {
        case: "listServicesResponse" as const,
        value: { service: names.map((name) => ({ name })) },
      };
    case "fileByFilename":
      return fileResponse(files.get(request.value), `file ${what}`);
    case "fileContainingSymbol":
      return fileResponse(fileDeclaring(registry, request.value), `symbol ${what}`);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = request.value;
      const extensions = extensionsOf(registry, containingType);
      const extension = extensions?.find(({ number }) => number === extensionNumber);
      return fileResponse(extension?.file, `extension ${extensionNumber} of ${what}`);
    }
    case "allExtensionNumbersOfType": {
      const extensionNumber = extensionsOf(registry, request.value)?.map(({ number }) => number);
      return extensionNumber === undefined
        ? notFound(`message ${what}`)
        : {
            case: "allExtensionNumbersResponse" as const,
            value: { baseTypeName: request.value, extensionNumber },
          };
    }
    case undefined:
      throw new ConnectError(
        "Expected a reflection request to ask for something.",
        Code.InvalidArgument,
      );
  }
}

/** @throws ConnectError for a name that is too long */
function nameIn({ value = "" }: ReflectionRequest): string {
  const name = typeof value === "string" ? value : value.containingType;
  if (name.length > maxNameCharacters) {
    throw new ConnectError(
      `Expected a name of at most ${maxNameCharacters} characters, got ${name.length}.`,
      Code.InvalidArgument,
    );
  }
  return name;
}

function fileResponse(file: DescFile | undefined, what: string) {
  if (file === undefined) {
    return notFound(what);
  }
  const bytes = toBinary(FileDescriptorProtoSchema, file.proto);
  return { case: "fileDescriptorResponse" as const, value: { fileDescriptorProto: [bytes] } };
}

/** An error within the stream, which continues. */
function notFound(what: string) {
  const errorMessage = `There is no ${what} in this server's schema.`;
  return { case: "errorResponse" as const, value: { errorCode: Code.NotFound, errorMessage } };
}

/** Finds the file that declares a service, method, message, field, enum or extension. */
function fileDeclaring(registry: Registry, symbol: string): DescFile | undefined {
  const parent = symbol.slice(0, Math.max(0, symbol.lastIndexOf(".")));
  const isMember = ({ name }: { readonly name: string }) => `${parent}.${name}` === symbol;
  return (
    registry.get(symbol)?.file ??
    registry.getService(parent)?.methods.find(isMember)?.parent.file ??
    registry.getMessage(parent)?.fields.find(isMember)?.parent.file
  );
}

/** Returns the extensions of a message; undefined for an unknown message. */
function extensionsOf(registry: Registry, message: string): DescExtension[] | undefined {
  if (registry.getMessage(message) === undefined) {
    return undefined;
  }
  return [...registry].filter((type): type is DescExtension => {
    return type.kind === "extension" && type.extendee.typeName === message;
  });
}

/**
 * Yields messages, and ends when none has arrived for `idleMs` milliseconds.
 *
 * @param stopSignal ends the wait for a message
 * @throws the reason of `stopSignal` when it aborts
 */
async function* untilIdle<Message>(
  messages: AsyncIterable<Message>,
  idleMs: number,
  stopSignal: AbortSignal,
): AsyncGenerator<Message> {
  const iterator = messages[Symbol.asyncIterator]();
  try {
    for (;;) {
      stopSignal.throwIfAborted();
      const next = await unlessAborted(withTimeout(idleMs, iterator.next()), stopSignal);
      if (next.done) {
        return;
      }
      yield next.value;
    }
  } catch (error) {
    if (!(error instanceof TimedOut)) {
      throw error;
    }
  } finally {
    // Not awaited: it would wait for the next message.
    iterator.return?.()?.catch(() => {});
  }
}
