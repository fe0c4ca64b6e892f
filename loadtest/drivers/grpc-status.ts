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
