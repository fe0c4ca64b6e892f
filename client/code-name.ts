import { Code } from "@connectrpc/connect";

/**
 * A status code's name as it is on the wire, such as "invalid_argument".
 *
 * @see https://connectrpc.com/docs/protocol/#error-codes
 */
export function codeName(code: Code): string {
  // The one name that the protocol spells differently.
  return code === Code.Canceled
    ? "canceled"
    : (Code[code] ?? "unknown").replace(/(?<!^)[A-Z]/g, "_$&").toLowerCase();
}
