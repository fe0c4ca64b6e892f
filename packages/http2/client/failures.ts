import { errorCode, errorCodeName } from "../errors.ts";
import type { TransportFailure } from "./exchange.ts";

export const closedByClient: TransportFailure = {
  code: "canceled",
  message: "The client closed its connections",
};

/** @param what what the server sent in violation of HTTP/2 */
export function failureOfViolation(what: string): TransportFailure {
  return { code: "internal", message: `The server violated HTTP/2: it sent ${what}` };
}

/**
 * Failure of a connection whose server does not begin with its settings.
 *
 * @param start what the server sent
 */
export function failureOfStart(start: string, what: string): TransportFailure {
  const line = start.split("\r\n", 1)[0] ?? "";
  if (line.startsWith("HTTP/")) {
    return { code: "internal", message: `Expected HTTP/2, got "${line}"; try --http 1.1` };
  }
  const got = JSON.stringify(line.slice(0, 20));
  const { message } = failureOfViolation(what);
  return { code: "internal", message: `${message}; began with ${got}. Does it speak HTTP/2?` };
}

/** RPC codes for streams that the server reset; "internal" for all others. */
const codesOfReset: Readonly<Record<number, TransportFailure["code"]>> = {
  [errorCode.refusedStream]: "unavailable",
  [errorCode.cancel]: "canceled",
  [errorCode.enhanceYourCalm]: "resource_exhausted",
};

/** @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors */
export function failureOfReset(code: number): TransportFailure {
  return {
    code: codesOfReset[code] ?? "internal",
    message: `The server reset the stream: ${errorCodeName(code)}`,
  };
}

export function unreachable(url: URL, error: Error): TransportFailure {
  return {
    code: "unavailable",
    message: `No connection to ${url.origin}: ${describeError(error)}`,
  };
}

const noTls = "the server does not speak TLS; is it an http:// URL?";
const untrusted = "the server's certificate is from an authority that is not trusted here";
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there; is the server running?",
  ECONNRESET: "the server closed the connection at once",
  ENOTFOUND: "the host name does not exist",
  EAI_AGAIN: "the name server does not respond",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the host's network",
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is self-signed and not trusted here",
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "the server requires a client certificate",
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: "the server has another version of HTTP",
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: "the server rejected the TLS handshake",
};

/** Why a connection could not be opened or was lost, in words. */
export function describeError(error: Error): string {
  const code = systemCode(error);
  const reason = reasons[code] ?? error.message;
  return code === "" || reason.includes(code) ? reason : `${reason} (${code})`;
}

/** Code that Node gives an error, such as "ECONNRESET"; "" if none. */
export function systemCode(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
