import { Code } from "@connectrpc/connect";
import { codeFromHttpStatus } from "@connectrpc/connect/protocol-connect";
import { codeName } from "@unblock/connect/code-name";
import type { Fields } from "@unblock/http2/client";

export interface RpcStatus {
  /** "ok" or the name of an RPC code. */
  readonly code: string;
  readonly message: string;
}

export const okStatus: RpcStatus = { code: "ok", message: "" };

/** Names as gRPC's libraries and ghz write them, by the name on the wire. */
const statusNames = new Map<string, string>([
  ["ok", "OK"],
  ...Object.values(Code)
    .filter((code) => typeof code === "number")
    .map((code): [string, string] => [codeName(code), Code[code]]),
]);

/** A code's name as gRPC's libraries and ghz write it: "OK" for "ok", "DeadlineExceeded". */
export function statusName(code: string): string {
  return statusNames.get(code) ?? code;
}

/**
 * Reads `grpc-status` and `grpc-message`. A status that gRPC does not define becomes "unknown".
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses
 */
export function readGrpcStatus(status: string, grpcMessage: string | null): RpcStatus {
  if (status === "0") {
    return okStatus;
  }
  const isDefined = /^([1-9]|1[0-6])$/.test(status);
  const message = decodePercent(grpcMessage ?? "");
  return {
    code: isDefined ? codeName(Number(status)) : "unknown",
    message:
      isDefined || message !== "" ? message : `Expected grpc-status from 0 to 16, got "${status}"`,
  };
}

/** Decodes gRPC's percent-encoded UTF-8. Invalid escapes stay as they are. */
function decodePercent(text: string): string {
  // Header fields arrive as latin1, one character per byte.
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString();
}

/**
 * Reads a Connect error: `{"code":"unavailable","message":"…"}`.
 *
 * @param fallback code for an error without a valid one
 * @returns undefined when the value is no Connect error
 * @see https://connectrpc.com/docs/protocol/#error-end-stream
 */
export function readConnectError(json: unknown, fallback: string): RpcStatus | undefined {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return undefined;
  }
  const code = "code" in json ? json.code : undefined;
  const message = "message" in json ? json.message : undefined;
  const isCode = typeof code === "string" && code !== "ok" && statusNames.has(code);
  return {
    code: isCode ? code : fallback,
    message: typeof message === "string" ? message : "",
  };
}

/** @returns undefined when the text is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * RPC code for a response without one; gRPC and Connect agree on it.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
 * @see https://connectrpc.com/docs/protocol/#http-to-error-code
 */
export function codeOfHttpStatus(status: number): string {
  return codeName(codeFromHttpStatus(status));
}

/** What this project's servers report about a call, in the header of its response. */
export interface ServedCall {
  /** Undefined, like the following values, if the server does not report it. */
  readonly ranOn:
    | { readonly executor: string; readonly pid: string; readonly thread: string | undefined }
    | undefined;
  /** Start of the steps, in milliseconds since the start of the load. */
  readonly beganMs: number | undefined;
  /** Parts of the call's time in the server, such as "queue" and "work". */
  readonly steps: readonly { readonly name: string; readonly ms: number }[];
  /** CPU time of the call's task. */
  readonly cpuMs: number | undefined;
  /** Amount of computing in the call. */
  readonly rounds: number | undefined;
}

/** @param originMs start of the load on the machine's monotonic clock */
export function readServedCall(header: Fields, originMs: number): ServedCall {
  const numberOf = (name: string) => {
    const text = header.get(name);
    return text === null ? undefined : Number(text);
  };
  const began = numberOf("unblock-began");
  const [executor = "", ...parameters] = header.get("unblock-ran-on")?.split(";") ?? [];
  const { pid = "", thread } = Object.fromEntries(parameters.map((text) => text.split("=")));
  // https://www.w3.org/TR/server-timing/
  const steps = (header.get("server-timing") ?? "").matchAll(/([\w-]+);dur=([\d.]+)/g);
  return {
    ranOn: executor === "" ? undefined : { executor, pid, thread },
    beganMs: began === undefined ? undefined : began - originMs,
    steps: Array.from(steps, ([, name = "", ms]) => ({ name, ms: Number(ms) })),
    cpuMs: numberOf("unblock-cpu-ms"),
    rounds: numberOf("unblock-rounds"),
  };
}
