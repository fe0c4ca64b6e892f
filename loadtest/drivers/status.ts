import { Code } from "@connectrpc/connect";
import { codeName } from "../../client/code-name.ts";

export interface RpcStatus {
  /** "ok", or the code's name. */
  readonly code: string;
  readonly message: string;
}

const ok: RpcStatus = { code: "ok", message: "" };

/**
 * Reads the fields `grpc-status` and `grpc-message`. A status that gRPC does not have is "unknown".
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses
 */
export function readGrpcStatus(status: string, message: string | null): RpcStatus {
  if (status === "0") {
    return ok;
  }
  const known = /^([1-9]|1[0-6])$/.test(status);
  const said = decodePercent(message ?? "");
  return {
    code: known ? codeName(Number(status)) : "unknown",
    message:
      known || said !== "" ? said : `Expected grpc-status to be from 0 to 16, got "${status}"`,
  };
}

/** Undoes gRPC's percent-encoding of UTF-8. What is not encoded rightly stays as it is. */
function decodePercent(text: string): string {
  // Fields come as one character a byte.
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString();
}

const codeNames: ReadonlySet<unknown> = new Set(
  Object.values(Code)
    .filter((code) => typeof code === "number")
    .map(codeName),
);

/**
 * Reads Connect's error as JSON: `{"code":"unavailable","message":"…"}`.
 *
 * @param fallback the code when it has none that Connect knows
 * @returns undefined when it is no error of Connect
 * @see https://connectrpc.com/docs/protocol/#error-end-stream
 */
export function readConnectError(json: unknown, fallback: string): RpcStatus | undefined {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return undefined;
  }
  const code = "code" in json ? json.code : undefined;
  const message = "message" in json ? json.message : undefined;
  return {
    code: typeof code === "string" && codeNames.has(code) ? code : fallback,
    message: typeof message === "string" ? message : "",
  };
}

/** Parses JSON from a server; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const codes: Readonly<Record<number, string>> = {
  400: "internal",
  401: "unauthenticated",
  403: "permission_denied",
  404: "unimplemented",
  429: "unavailable",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

/**
 * The RPC code for a response that has none of its own; gRPC and Connect agree on it.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
 * @see https://connectrpc.com/docs/protocol/#http-to-error-code
 */
export function codeOfHttpStatus(status: number): string {
  return codes[status] ?? "unknown";
}

/**
 * A code's name as gRPC's libraries and ghz write it: "OK", "DeadlineExceeded".
 *
 * @param code as it is on the wire, such as "ok" or "deadline_exceeded"
 */
export function statusName(code: string): string {
  return names.get(code) ?? code;
}

const names = new Map<string, string>([
  ["ok", "OK"],
  ...Object.values(Code)
    .filter((code) => typeof code === "number")
    .map((code): [string, string] => [codeName(code), Code[code]]),
]);
