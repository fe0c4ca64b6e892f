import { Code } from "@connectrpc/connect";

/**
 * Name of a status code on the wire, such as "invalid_argument".
 *
 * @see https://connectrpc.com/docs/protocol/#error-codes
 */
export function codeName(code: Code): string {
  return (Code[code] ?? "unknown").replace(/(?<!^)[A-Z]/g, "_$&").toLowerCase();
}
