import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { pause, requestInfo, setMetadata, toConnectError } from "./echo.ts";
import {
  BidiStreamRequestSchema,
  ClientStreamRequestSchema,
  type ConformancePayloadSchema,
  type ConformanceService,
  IdempotentUnaryRequestSchema,
  ServerStreamRequestSchema,
  type StreamResponseDefinition,
  UnaryRequestSchema,
  type UnaryResponseDefinition,
} from "./gen/connectrpc/conformance/v1/service_pb.ts";

/** All responses have just this. */
interface Answer {
  payload: MessageInitShape<typeof ConformancePayloadSchema>;
}

/**
 * The service that the conformance runner calls: each request says what it is to be answered with. It
 * lacks the RPC Unimplemented, as it must.
 */
export const conformanceService: Partial<ServiceImpl<typeof ConformanceService>> = {
  unary: (request, context) =>
    answerOnce(request.responseDefinition, context, [anyPack(UnaryRequestSchema, request)]),

  idempotentUnary: (request, context) =>
    answerOnce(request.responseDefinition, context, [
      anyPack(IdempotentUnaryRequestSchema, request),
    ]),

  clientStream: async (requests, context) => {
    let definition: UnaryResponseDefinition | undefined;
    const seen: Any[] = [];
    for await (const request of requests) {
      if (seen.length === 0) {
        definition = request.responseDefinition;
      }
      seen.push(anyPack(ClientStreamRequestSchema, request));
    }
    return answerOnce(definition, context, seen);
  },

  serverStream: async function* (request, context) {
    const definition = request.responseDefinition;
    setMetadata(context, definition);
    yield* answersFrom(0, definition, context, [anyPack(ServerStreamRequestSchema, request)]);
  },

  bidiStream: async function* (requests, context) {
    let definition: StreamResponseDefinition | undefined;
    let isFirst = true;
    let isFullDuplex = false;
    let answered = 0;
    let unanswered: Any[] = [];
    for await (const request of requests) {
      if (isFirst) {
        isFirst = false;
        isFullDuplex = request.fullDuplex;
        definition = request.responseDefinition;
        setMetadata(context, definition);
      }
      unanswered.push(anyPack(BidiStreamRequestSchema, request));
      if (isFullDuplex) {
        const data = definition?.responseData[answered];
        if (data === undefined) {
          break;
        }
        const info = answered === 0 ? requestInfo(context, unanswered) : { requests: unanswered };
        await pause(definition?.responseDelayMs ?? 0, context);
        yield { payload: { data, requestInfo: info } };
        answered++;
        unanswered = [];
      }
    }
    yield* answersFrom(answered, definition, context, unanswered);
  },
};

async function answerOnce(
  definition: UnaryResponseDefinition | undefined,
  context: HandlerContext,
  seen: Any[],
): Promise<Answer> {
  const info = requestInfo(context, seen);
  setMetadata(context, definition);
  await pause(definition?.responseDelayMs ?? 0, context);
  switch (definition?.response.case) {
    case "error":
      throw toConnectError(definition.response.value, info);
    case "responseData":
      return { payload: { data: definition.response.value, requestInfo: info } };
    default:
      return { payload: { requestInfo: info } };
  }
}

/** The answers that are still to be sent, and then the error if there is to be one. */
async function* answersFrom(
  answered: number,
  definition: StreamResponseDefinition | undefined,
  context: HandlerContext,
  seen: Any[],
): AsyncGenerator<Answer, void> {
  const { responseData = [], responseDelayMs = 0, error } = definition ?? {};
  for (const [index, data] of responseData.entries()) {
    if (index < answered) {
      continue;
    }
    await pause(responseDelayMs, context);
    yield { payload: index === 0 ? { data, requestInfo: requestInfo(context, seen) } : { data } };
  }
  if (error !== undefined) {
    const isWholeAnswer = responseData.length === 0;
    throw toConnectError(error, isWholeAnswer ? requestInfo(context, seen) : undefined);
  }
}
