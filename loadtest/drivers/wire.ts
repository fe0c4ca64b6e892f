import { validateHeaderName, validateHeaderValue } from "node:http";
import { toBinary, toJsonString } from "@bufbuild/protobuf";
import type { PreparedRequest, Transport } from "@unblock/http2/client";
import type { Deadlines } from "./deadlines.ts";
import type { Call } from "./driver.ts";

/** Encoding of messages. */
export type Codec = "proto" | "json";

/** What all calls of a driver have in common. */
export interface Wire {
  readonly transport: Transport;
  readonly codec: Codec;
  readonly deadlines: Deadlines;
  /** Prefix of the RPC's path: "" or such as "/api". */
  readonly basePath: string;
}

/** A call by POST. @throws Error when a header can't be sent in HTTP */
export function preparePost(
  wire: Wire,
  call: Call,
  protocolFields: Record<string, string>,
  body: Buffer,
): PreparedRequest {
  const fields = requestFields(call, protocolFields);
  return wire.transport.prepare({ method: "POST", path: rpcPath(wire, call), fields }, body);
}

export function rpcPath({ basePath }: Wire, { method }: Call): string {
  return `${basePath}/${method.parent.typeName}/${method.name}`;
}

export function encodeMessage({ codec }: Wire, { method, request }: Call): Uint8Array {
  return codec === "proto"
    ? toBinary(method.input, request)
    : Buffer.from(toJsonString(method.input, request));
}

/**
 * Fields of the request: the caller's, then those of the protocol, which win.
 *
 * @throws Error when a header can't be sent in HTTP
 */
export function requestFields(
  call: Call,
  protocolFields: Record<string, string>,
): Record<string, string> {
  const given = Object.entries(call.header).map(([name, value]) => {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw new Error(
        `Expected a header name of letters, digits and -, and a value of printable characters, got ${JSON.stringify(`${name}: ${value}`)}`,
      );
    }
    return [name.toLowerCase(), value];
  });
  // Object.fromEntries also takes a header named __proto__, which an assignment would not.
  return { "user-agent": "unblock-loadtest", ...Object.fromEntries(given), ...protocolFields };
}

const maxGrpcDigits = 99_999_999;
const maxConnectDigits = 9_999_999_999;

/**
 * Deadline of gRPC and gRPC-Web: at most eight digits and a unit.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests
 */
export function grpcTimeout(timeoutMs: number): Record<string, string> {
  if (timeoutMs <= 0) {
    return {};
  }
  if (timeoutMs > maxGrpcDigits) {
    return { "grpc-timeout": `${Math.min(Math.ceil(timeoutMs / 1_000), maxGrpcDigits)}S` };
  }
  const timeoutUs = Math.ceil(timeoutMs * 1_000);
  return {
    "grpc-timeout":
      Number.isInteger(timeoutMs) || timeoutUs > maxGrpcDigits
        ? `${Math.ceil(timeoutMs)}m`
        : `${timeoutUs}u`,
  };
}

/**
 * Deadline of Connect: whole milliseconds, at most ten digits.
 *
 * @see https://connectrpc.com/docs/protocol/#unary-request
 */
export function connectTimeout(timeoutMs: number): Record<string, string> {
  return timeoutMs <= 0
    ? {}
    : { "connect-timeout-ms": String(Math.min(Math.ceil(timeoutMs), maxConnectDigits)) };
}

/** Length of the flags and the size before each enveloped message. */
export const prefixBytes = 5;
export const compressedFlag = 0x01;

/**
 * An uncompressed message with its prefix, as gRPC, gRPC-Web and Connect's streams have it.
 *
 * @see https://connectrpc.com/docs/protocol/#streaming-request
 */
export function envelope(message: Uint8Array): Buffer {
  const enveloped = Buffer.alloc(prefixBytes + message.length);
  enveloped.writeUInt32BE(message.length, 1);
  enveloped.set(message, prefixBytes);
  return enveloped;
}
