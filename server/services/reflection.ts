import { setTimeout as sleep } from "node:timers/promises";
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
import { ServerReflection } from "@unblock/proto/gen/grpc/reflection/v1/reflection_pb";
import { ServerReflection as ServerReflectionAlpha } from "@unblock/proto/gen/grpc/reflection/v1alpha/reflection_pb";

const maxNameCharacters = 1_000;
/** Max request bytes: names are short, and each of 1,000 streams may hold half a message. */
const maxRequestBytes = 8 * 1024;

/** The request of both versions. */
type ReflectionRequest =
  | { readonly case: "fileContainingExtension"; readonly value: Extension }
  | {
      readonly case:
        | "listServices"
        | "fileByFilename"
        | "fileContainingSymbol"
        | "allExtensionNumbersOfType";
      readonly value: string;
    }
  | { readonly case: undefined; readonly value?: undefined };

interface Extension {
  readonly containingType: string;
  readonly extensionNumber: number;
}

/** The response of both versions. */
type ReflectionResponse =
  | { case: "listServicesResponse"; value: { service: { name: string }[] } }
  | { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array[] } }
  | {
      case: "allExtensionNumbersResponse";
      value: { baseTypeName: string; extensionNumber: number[] };
    }
  | { case: "errorResponse"; value: { errorCode: number; errorMessage: string } };

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
  const files = new ReflectedFiles(reflected);
  const names = reflected.map(({ typeName }) => typeName).sort();
  const respond = async function* (
    requests: AsyncIterable<{ readonly host: string; readonly messageRequest: ReflectionRequest }>,
  ) {
    for await (const { host, messageRequest } of untilIdle(requests, idleMs, stopSignal)) {
      yield { validHost: host, messageResponse: responseTo(files, names, messageRequest) };
    }
  };
  const limits = { readMaxBytes: maxRequestBytes };
  router.service(ServerReflection, { serverReflectionInfo: respond }, limits);
  router.service(ServerReflectionAlpha, { serverReflectionInfo: respond }, limits);
}

function responseTo(
  files: ReflectedFiles,
  names: readonly string[],
  request: ReflectionRequest,
): ReflectionResponse {
  switch (request.case) {
    case "listServices":
      return {
        case: "listServicesResponse",
        value: { service: names.map((name) => ({ name })) },
      };
    case "fileByFilename":
      return fileResponse(
        files,
        files.named(checked(request.value)),
        `file ${shorten(request.value)}`,
      );
    case "fileContainingSymbol":
      return fileResponse(
        files,
        files.declaring(checked(request.value)),
        `symbol ${shorten(request.value)}`,
      );
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = request.value;
      const extension = files
        .extensionsOf(checked(containingType))
        ?.find(({ number }) => number === extensionNumber);
      return fileResponse(
        files,
        extension?.file,
        `extension ${extensionNumber} of ${shorten(containingType)}`,
      );
    }
    case "allExtensionNumbersOfType": {
      const extensions = files.extensionsOf(checked(request.value));
      return extensions === undefined
        ? notFound(`message ${shorten(request.value)}`)
        : {
            case: "allExtensionNumbersResponse",
            value: {
              baseTypeName: request.value,
              extensionNumber: extensions.map(({ number }) => number),
            },
          };
    }
    case undefined:
      throw new ConnectError(
        "Expected a reflection request to ask for something.",
        Code.InvalidArgument,
      );
  }
}

function fileResponse(
  files: ReflectedFiles,
  file: DescFile | undefined,
  what: string,
): ReflectionResponse {
  return file === undefined
    ? notFound(what)
    : { case: "fileDescriptorResponse", value: { fileDescriptorProto: [files.encode(file)] } };
}

/** An error within the stream, which continues. */
function notFound(what: string): ReflectionResponse {
  const errorMessage = `There is no ${what} in this server's schema.`;
  return { case: "errorResponse", value: { errorCode: Code.NotFound, errorMessage } };
}

function checked(name: string): string {
  if (name.length > maxNameCharacters) {
    throw new ConnectError(
      `Expected a name of at most ${maxNameCharacters} characters, got ${name.length}.`,
      Code.InvalidArgument,
    );
  }
  return name;
}

/** The files that declare services, with all their imports. */
class ReflectedFiles {
  readonly #files = new Map<string, DescFile>();
  readonly #encoded = new Map<DescFile, Uint8Array>();
  readonly #registry: Registry;

  constructor(services: readonly DescService[]) {
    for (const { file } of services) {
      this.#add(file);
    }
    this.#registry = createRegistry(...this.#files.values());
  }

  /** @param name such as "google/protobuf/any.proto" */
  named(name: string): DescFile | undefined {
    return this.#files.get(name);
  }

  /** Returns the file that declares a service, method, message, field, enum or extension. */
  declaring(symbol: string): DescFile | undefined {
    const parent = symbol.slice(0, Math.max(0, symbol.lastIndexOf(".")));
    const isMember = ({ name }: { readonly name: string }) => `${parent}.${name}` === symbol;
    return (
      this.#registry.get(symbol)?.file ??
      this.#registry.getService(parent)?.methods.find(isMember)?.parent.file ??
      this.#registry.getMessage(parent)?.fields.find(isMember)?.parent.file
    );
  }

  /** Returns the extensions of a message; undefined for an unknown message. */
  extensionsOf(message: string): readonly DescExtension[] | undefined {
    if (this.#registry.getMessage(message) === undefined) {
      return undefined;
    }
    return [...this.#registry].filter(
      (type): type is DescExtension =>
        type.kind === "extension" && type.extendee.typeName === message,
    );
  }

  /** Serializes a file as a FileDescriptorProto. */
  encode(file: DescFile): Uint8Array {
    const known = this.#encoded.get(file);
    if (known !== undefined) {
      return known;
    }
    const bytes = toBinary(FileDescriptorProtoSchema, file.proto);
    this.#encoded.set(file, bytes);
    return bytes;
  }

  #add(file: DescFile): void {
    if (!this.#files.has(file.proto.name)) {
      this.#files.set(file.proto.name, file);
      for (const imported of file.dependencies) {
        this.#add(imported);
      }
    }
  }
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
      const next = await nextWithin(iterator, idleMs, stopSignal);
      if (next === undefined || next.done) {
        return;
      }
      yield next.value;
    }
  } finally {
    // Not awaited: it would wait for the next message.
    iterator.return?.()?.catch(() => {});
  }
}

/** Returns undefined when nothing arrived in time. */
async function nextWithin<Message>(
  iterator: AsyncIterator<Message>,
  idleMs: number,
  stopSignal: AbortSignal,
): Promise<IteratorResult<Message> | undefined> {
  const arrived = new AbortController();
  const signal = AbortSignal.any([arrived.signal, stopSignal]);
  const idle = sleep(idleMs, undefined, { signal, ref: false });
  const next = iterator.next();
  // The loser of the race may reject.
  next.catch(() => {});
  idle.catch(() => {});
  try {
    return await Promise.race([next, idle]);
  } catch (error) {
    throw stopSignal.aborted ? stopSignal.reason : error;
  } finally {
    arrived.abort();
  }
}
