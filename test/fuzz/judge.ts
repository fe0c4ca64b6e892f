import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { type DescMessage, fromBinary, fromJsonString } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import {
  codeFromString,
  codeToHttpStatus,
  codeToString,
} from "@connectrpc/connect/protocol-connect";
import { type Envelope, unframe } from "./envelopes.ts";
import type { RawReply } from "./raw-connection.ts";
import type { Target } from "./targets.ts";

/** Outcome of a response. */
export interface Verdict {
  readonly protocol: "connect" | "connect-stream" | "grpc" | "grpc-web" | "http";
  /** "ok", the name of a code such as "not_found", or the status for "http". */
  readonly code: string;
  readonly message: string;
}

/** Statuses for a method, content type or HTTP version of no protocol. */
const httpRejections = [405, 415, 505];

/** Reads a response. @throws Error if it violates its protocol */
export function judge(reply: RawReply, target: Target): Verdict {
  const type = reply.headers["content-type"] ?? "";
  if (type.startsWith("application/grpc-web")) {
    return judgeGrpcWeb(reply, target);
  }
  if (type.startsWith("application/grpc")) {
    return judgeGrpc(reply, target);
  }
  if (type.startsWith("application/connect+")) {
    return judgeConnectStream(reply, target);
  }
  if (httpRejections.includes(reply.status) && reply.body.length === 0) {
    return { protocol: "http", code: String(reply.status), message: "" };
  }
  return judgeConnect(reply, target);
}

function judgeConnect(reply: RawReply, { method }: Target): Verdict {
  const body = decompress(reply.body, reply.headers["content-encoding"]);
  if (reply.status === 200) {
    parse(method.output, body, reply.headers["content-type"] === "application/json");
    return { protocol: "connect", code: "ok", message: "" };
  }
  const { code, message } = readError(JSON.parse(body.toString()));
  // For a path that is no RPC the status is 404.
  const status = code === Code.Unimplemented && reply.status === 404 ? 404 : codeToHttpStatus(code);
  expectThat(reply.status === status, `the status ${status}`, reply.status);
  return { protocol: "connect", code: codeToString(code), message };
}

function judgeConnectStream(reply: RawReply, { method }: Target): Verdict {
  expectThat(reply.status === 200, "the status 200", reply.status);
  const envelopes = unframe(reply.body);
  const end = envelopes.at(-1);
  expectThat(end !== undefined && (end.flags & 2) !== 0, "an end of the stream", end?.flags);
  const encoding = reply.headers["connect-content-encoding"];
  const isJson = reply.headers["content-type"] === "application/connect+json";
  for (const envelope of envelopes.slice(0, -1)) {
    parse(method.output, dataOf(envelope, encoding), isJson);
  }
  const { error } = JSON.parse(dataOf(end, encoding).toString());
  const { code, message } = error === undefined ? ok : readError(error);
  return { protocol: "connect-stream", code: nameOf(code), message };
}

function judgeGrpc({ status, headers, trailers, body }: RawReply, target: Target): Verdict {
  expectThat(status === 200, "the status 200", status);
  const verdict = readStatus(trailers["grpc-status"] === undefined ? headers : trailers);
  assertMessages(unframe(body), headers, verdict.code, target);
  return { protocol: "grpc", ...verdict };
}

function judgeGrpcWeb({ status, headers, body }: RawReply, target: Target): Verdict {
  expectThat(status === 200, "the status 200", status);
  const envelopes = unframe(body);
  const end = envelopes.at(-1);
  if (headers["grpc-status"] !== undefined && end === undefined) {
    return { protocol: "grpc-web", ...readStatus(headers) };
  }
  expectThat(end !== undefined && (end.flags & 128) !== 0, "trailers at the end", end?.flags);
  const lines = dataOf(end, headers["grpc-encoding"]).toString().trimEnd().split("\r\n");
  const trailers = lines.map((line) => /^([^:]+): ?(.*)$/.exec(line)?.slice(1) ?? [line, ""]);
  const verdict = readStatus(Object.fromEntries(trailers));
  assertMessages(envelopes.slice(0, -1), headers, verdict.code, target);
  return { protocol: "grpc-web", ...verdict };
}

type Fields = RawReply["headers"];

function readStatus(fields: Fields): Pick<Verdict, "code" | "message"> {
  const { "grpc-status": status, "grpc-message": message } = fields;
  expectThat(/^(\d|1[0-6])$/.test(String(status)), "a gRPC status", status);
  return {
    code: nameOf(status === "0" ? undefined : Number(status)),
    message: decodeURIComponent(String(message ?? "")),
  };
}

function assertMessages(
  envelopes: readonly Envelope[],
  headers: Fields,
  code: string,
  { method, isUnary }: Target,
): void {
  const isJson = headers["content-type"]?.endsWith("+json") ?? false;
  for (const envelope of envelopes) {
    parse(method.output, dataOf(envelope, headers["grpc-encoding"]), isJson);
  }
  const count = code === "ok" ? 1 : 0;
  expectThat(!isUnary || envelopes.length === count, `${count} messages`, envelopes.length);
}

const ok = { code: undefined, message: "" };

function readError(error: { readonly code?: string; readonly message?: string }) {
  const code = codeFromString(error.code ?? "");
  expectThat(code !== undefined, "an error with a code", JSON.stringify(error));
  return { code, message: error.message ?? "" };
}

function nameOf(code: Code | undefined): string {
  return code === undefined ? "ok" : codeToString(code);
}

function dataOf({ flags, data }: Envelope, encoding: string | string[] | undefined): Buffer {
  return (flags & 1) === 0 ? data : decompress(data, encoding);
}

function decompress(data: Buffer, encoding: string | string[] | undefined): Buffer {
  switch (encoding) {
    case undefined:
      return data;
    case "gzip":
      return gunzipSync(data);
    case "br":
      return brotliDecompressSync(data);
    default:
      throw new Error(`Expected a compression that was offered, got ${encoding}`);
  }
}

function parse(schema: DescMessage, data: Buffer, isJson: boolean): void {
  if (isJson) {
    fromJsonString(schema, data.toString());
  } else {
    fromBinary(schema, data);
  }
}

function expectThat(holds: boolean, what: string, got: unknown): asserts holds {
  if (!holds) {
    throw new Error(`Expected ${what}, got ${got}`);
  }
}
