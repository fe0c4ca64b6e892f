import { validateHeaderName, validateHeaderValue } from "node:http";
import { toBinary, toJsonString } from "@bufbuild/protobuf";
import type { Transport } from "../transport/transport.ts";
import type { Call } from "./driver.ts";

/** How messages are written. */
export type Codec = "proto" | "json";

/** What all calls of a driver have in common. */
export interface Wire {
  readonly transport: Transport;
  readonly codec: Codec;
  /** What is before the RPC's own path: "" or such as "/api". */
  readonly basePath: string;
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
 * The request's fields: the caller's, under those that the protocol needs.
 *
 * @throws Error when one can't be sent in HTTP
 */
export function requestFields(call: Call, own: Record<string, string>): Record<string, string> {
  const given = Object.entries(call.header).map(([name, value]) => [
    checkedName(name, value),
    value,
  ]);
  // One called __proto__ can't be assigned to an object.
  return { "user-agent": "unblock-loadtest", ...Object.fromEntries(given), ...own };
}

function checkedName(name: string, value: string): string {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    throw new Error(
      `Expected a header's name to be of letters, digits and -, and its value to be of printable characters, got ${JSON.stringify(`${name}: ${value}`)}`,
    );
  }
  return name.toLowerCase();
}

const mostGrpcDigits = 99_999_999;
const mostConnectDigits = 9_999_999_999;

/**
 * A deadline as gRPC and gRPC-Web write it: at most eight digits and a unit.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests
 */
export function grpcTimeout(timeoutMs: number): Record<string, string> {
  if (timeoutMs <= 0) {
    return {};
  }
  if (timeoutMs > mostGrpcDigits) {
    return { "grpc-timeout": `${Math.min(Math.ceil(timeoutMs / 1_000), mostGrpcDigits)}S` };
  }
  const timeoutUs = Math.ceil(timeoutMs * 1_000);
  return {
    "grpc-timeout":
      Number.isInteger(timeoutMs) || timeoutUs > mostGrpcDigits
        ? `${Math.ceil(timeoutMs)}m`
        : `${timeoutUs}u`,
  };
}

/**
 * A deadline as Connect writes it: whole milliseconds, at most ten digits.
 *
 * @see https://connectrpc.com/docs/protocol/#unary-request
 */
export function connectTimeout(timeoutMs: number): Record<string, string> {
  return timeoutMs <= 0
    ? {}
    : { "connect-timeout-ms": String(Math.min(Math.ceil(timeoutMs), mostConnectDigits)) };
}

/** Flags and length in front of each message. */
export const prefixBytes = 5;
export const compressedFlag = 0x01;

/**
 * A message with its prefix, uncompressed: the same in gRPC, gRPC-Web and Connect's streams.
 *
 * @see https://connectrpc.com/docs/protocol/#streaming-request
 */
export function envelope(message: Uint8Array): Buffer {
  const enveloped = Buffer.alloc(prefixBytes + message.length);
  enveloped.writeUInt32BE(message.length, 1);
  enveloped.set(message, prefixBytes);
  return enveloped;
}
