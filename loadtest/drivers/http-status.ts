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
