import { setTimeout } from "node:timers/promises";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import {
  BidiStreamRequestSchema,
  ClientStreamRequestSchema,
  type ConformancePayload_RequestInfo,
  ConformancePayload_RequestInfoSchema,
  type ConformancePayloadSchema,
  type ConformanceService,
  type Header,
  HeaderSchema,
  IdempotentUnaryRequestSchema,
  type Error as ProtoError,
  ServerStreamRequestSchema,
  type StreamResponseDefinition,
  UnaryRequestSchema,
  type UnaryResponseDefinition,
} from "./gen/connectrpc/conformance/v1/service_pb.ts";

/** Shape of all responses. */
interface Response {
  payload: MessageInitShape<typeof ConformancePayloadSchema>;
}

/**
 * The service that the conformance runner calls. Each request defines its response. The RPC `Unimplemented` is
 * missing on purpose.
 */
export const conformanceService: Partial<ServiceImpl<typeof ConformanceService>> = {
  unary: (request, context) =>
    respondOnce(request.responseDefinition, context, [anyPack(UnaryRequestSchema, request)]),

  idempotentUnary: (request, context) =>
    respondOnce(request.responseDefinition, context, [
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
    return respondOnce(definition, context, seen);
  },

  serverStream: async function* (request, context) {
    const definition = request.responseDefinition;
    setMetadata(context, definition);
    yield* responsesFrom(0, definition, context, [anyPack(ServerStreamRequestSchema, request)]);
  },

  bidiStream: async function* (requests, context) {
    let definition: StreamResponseDefinition | undefined;
    let isFirst = true;
    let isFullDuplex = false;
    let sent = 0;
    let pending: Any[] = [];
    for await (const request of requests) {
      if (isFirst) {
        isFirst = false;
        isFullDuplex = request.fullDuplex;
        definition = request.responseDefinition;
        setMetadata(context, definition);
      }
      pending.push(anyPack(BidiStreamRequestSchema, request));
      if (isFullDuplex) {
        const data = definition?.responseData[sent];
        if (data === undefined) {
          break;
        }
        const info = sent === 0 ? requestInfo(context, pending) : { requests: pending };
        await pause(definition?.responseDelayMs ?? 0, context);
        yield { payload: { data, requestInfo: info } };
        sent++;
        pending = [];
      }
    }
    yield* responsesFrom(sent, definition, context, pending);
  },
};

async function respondOnce(
  definition: UnaryResponseDefinition | undefined,
  context: HandlerContext,
  seen: Any[],
): Promise<Response> {
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

/** Yields the remaining responses, then throws the error if one is defined. */
async function* responsesFrom(
  sent: number,
  definition: StreamResponseDefinition | undefined,
  context: HandlerContext,
  seen: Any[],
): AsyncGenerator<Response, void> {
  const { responseData = [], responseDelayMs = 0, error } = definition ?? {};
  for (const [index, data] of responseData.entries()) {
    if (index < sent) {
      continue;
    }
    await pause(responseDelayMs, context);
    yield { payload: index === 0 ? { data, requestInfo: requestInfo(context, seen) } : { data } };
  }
  if (error !== undefined) {
    const isOnly = responseData.length === 0;
    throw toConnectError(error, isOnly ? requestInfo(context, seen) : undefined);
  }
}

/** Describes a call to its caller. */
function requestInfo(context: HandlerContext, requests: Any[]): ConformancePayload_RequestInfo {
  const timeoutMs = context.timeoutMs();
  const isGet = context.requestMethod === "GET";
  return create(ConformancePayload_RequestInfoSchema, {
    requestHeaders: toProtoHeaders(context.requestHeader),
    requests,
    timeoutMs: timeoutMs === undefined ? undefined : BigInt(Math.floor(timeoutMs)),
    connectGetInfo: isGet
      ? { queryParams: toProtoHeaders(new URL(context.url).searchParams) }
      : undefined,
  });
}

function toProtoHeaders(entries: Iterable<[string, string]>): Header[] {
  return Array.from(entries, ([name, value]) => create(HeaderSchema, { name, value: [value] }));
}

interface Metadata {
  readonly responseHeaders: Header[];
  readonly responseTrailers: Header[];
}

/** Sets the header and trailer that the request defines. */
function setMetadata(context: HandlerContext, requested: Metadata | undefined): void {
  append(context.responseHeader, requested?.responseHeaders);
  append(context.responseTrailer, requested?.responseTrailers);
}

function append(target: Headers, headers: readonly Header[] = []): void {
  for (const { name, value } of headers) {
    for (const one of value) {
      target.append(name, one);
    }
  }
}

/** @param info detail of an error without a response message before it */
function toConnectError(
  { code, message, details }: ProtoError,
  info: ConformancePayload_RequestInfo | undefined,
): ConnectError {
  const error = new ConnectError(message ?? "", toConnectCode(code));
  // Details are passed on serialized.
  error.details = details.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value,
  }));
  if (info !== undefined) {
    error.details.push({ desc: ConformancePayload_RequestInfoSchema, value: info });
  }
  return error;
}

/** The schema of the runner has the numbers of Connect, and zero. */
function toConnectCode(code: number): Code {
  return code in Code && code !== 0 ? code : Code.Unknown;
}

async function pause(ms: number, { signal }: HandlerContext): Promise<void> {
  if (ms === 0) {
    return;
  }
  try {
    await setTimeout(ms, undefined, { signal });
  } catch {
    // The timer's AbortError would hide that the deadline passed.
    signal.throwIfAborted();
  }
}
