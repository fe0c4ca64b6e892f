import type { DescFile, DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { ServerReflection } from "../../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { shorten } from "../../quote.ts";
import { ReflectedFiles } from "./reflected-files.ts";
import { untilIdle } from "./until-idle.ts";

/** Longer names are no names. */
const mostNameCharacters = 1_000;
/** The largest request message, in bytes: names are short, and 1,000 streams may hold half a message each. */
const maxRequestBytes = 8 * 1024;

/** What both versions ask. */
type Question =
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

/** What both versions answer. */
type Answer =
  | { case: "listServicesResponse"; value: { service: { name: string }[] } }
  | { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array[] } }
  | {
      case: "allExtensionNumbersResponse";
      value: { baseTypeName: string; extensionNumber: number[] };
    }
  | { case: "errorResponse"; value: { errorCode: number; errorMessage: string } };

export interface ReflectionLimits {
  /** A stream that asks nothing for so long ends, in milliseconds. */
  readonly idleMs: number;
  /** Ends all streams, whose callers would not leave by themselves. */
  readonly stopSignal: AbortSignal;
}

/**
 * Tells the schema of services to those who have no proto file, such as grpcurl. The two versions are
 * the same but for their name.
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
  const answerAll = async function* (
    requests: AsyncIterable<{ readonly host: string; readonly messageRequest: Question }>,
  ) {
    for await (const { host, messageRequest } of untilIdle(requests, idleMs, stopSignal)) {
      yield { validHost: host, messageResponse: answer(files, names, messageRequest) };
    }
  };
  const limits = { readMaxBytes: maxRequestBytes };
  router.service(ServerReflection, { serverReflectionInfo: answerAll }, limits);
  router.service(ServerReflectionAlpha, { serverReflectionInfo: answerAll }, limits);
}

function answer(files: ReflectedFiles, names: readonly string[], question: Question): Answer {
  switch (question.case) {
    case "listServices":
      return {
        case: "listServicesResponse",
        value: { service: names.map((name) => ({ name })) },
      };
    case "fileByFilename":
      return fileAnswer(
        files,
        files.named(checked(question.value)),
        `file ${shorten(question.value)}`,
      );
    case "fileContainingSymbol":
      return fileAnswer(
        files,
        files.declaring(checked(question.value)),
        `symbol ${shorten(question.value)}`,
      );
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = question.value;
      const extension = files
        .extensionsOf(checked(containingType))
        ?.find(({ number }) => number === extensionNumber);
      return fileAnswer(
        files,
        extension?.file,
        `extension ${extensionNumber} of ${shorten(containingType)}`,
      );
    }
    case "allExtensionNumbersOfType": {
      const extensions = files.extensionsOf(checked(question.value));
      return extensions === undefined
        ? notFound(`message ${shorten(question.value)}`)
        : {
            case: "allExtensionNumbersResponse",
            value: {
              baseTypeName: question.value,
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

function fileAnswer(files: ReflectedFiles, file: DescFile | undefined, what: string): Answer {
  return file === undefined
    ? notFound(what)
    : { case: "fileDescriptorResponse", value: { fileDescriptorProto: [files.encode(file)] } };
}

/** An error within the stream, which goes on. */
function notFound(what: string): Answer {
  const errorMessage = `There is no ${what} in this server's schema.`;
  return { case: "errorResponse", value: { errorCode: Code.NotFound, errorMessage } };
}

function checked(name: string): string {
  if (name.length > mostNameCharacters) {
    throw new ConnectError(
      `Expected a name of at most ${mostNameCharacters} characters, got ${name.length}.`,
      Code.InvalidArgument,
    );
  }
  return name;
}
