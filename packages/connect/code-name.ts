import { Code } from "@connectrpc/connect";

/**
 * Name of a status code on the wire, such as "invalid_argument".
 *
 * @see https://connectrpc.com/docs/protocol/#error-codes
 */
export function codeName(code: Code): string {
  // The protocol spells only this name differently.
  return code === Code.Canceled
    ? "canceled"
    : (Code[code] ?? "unknown").replace(/(?<!^)[A-Z]/g, "_$&").toLowerCase();
}
