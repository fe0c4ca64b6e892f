import { setTimeout } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import {
  type ConformancePayload_RequestInfo,
  ConformancePayload_RequestInfoSchema,
  type Header,
  HeaderSchema,
  type Error as ProtoError,
} from "./gen/connectrpc/conformance/v1/service_pb.ts";

/** What the caller is told of its own call. */
export function requestInfo(
  context: HandlerContext,
  requests: Any[],
): ConformancePayload_RequestInfo {
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

/** Answers with the header and the trailer that the caller asks for. */
export function setMetadata(context: HandlerContext, asked: Metadata | undefined): void {
  append(context.responseHeader, asked?.responseHeaders);
  append(context.responseTrailer, asked?.responseTrailers);
}

function append(target: Headers, headers: readonly Header[] = []): void {
  for (const { name, value } of headers) {
    for (const one of value) {
      target.append(name, one);
    }
  }
}

/** @param info goes with an error that is the whole answer */
export function toConnectError(
  { code, message, details }: ProtoError,
  info: ConformancePayload_RequestInfo | undefined,
): ConnectError {
  const error = new ConnectError(message ?? "", toConnectCode(code));
  // They are passed on as they came: nothing here needs to know their types.
  error.details = details.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value,
  }));
  if (info !== undefined) {
    error.details.push({ desc: ConformancePayload_RequestInfoSchema, value: info });
  }
  return error;
}

/** The conformance schema numbers the codes as Connect does, and has a zero besides. */
function toConnectCode(code: number): Code {
  return code in Code && code !== 0 ? code : Code.Unknown;
}

/** Waits before an answer, as the caller asks for. */
export async function pause(ms: number, { signal }: HandlerContext): Promise<void> {
  if (ms === 0) {
    return;
  }
  try {
    await setTimeout(ms, undefined, { signal });
  } catch {
    // The timer throws an AbortError, which would hide that it is the deadline that has passed.
    signal.throwIfAborted();
  }
}
