import { connect as connectTcp, isIP, type Socket } from "node:net";
import { type ConnectionOptions, checkServerIdentity, connect as connectTls } from "node:tls";
import type { TlsOptions, TransportFailure, TransportOptions } from "./transport.ts";

/** A server behind a wall that swallows packets would keep us for minutes. */
const connectTimeoutMs = 10_000;

/**
 * Opens a connection to a server.
 *
 * @param protocol what is asked for in the TLS handshake
 * @param onOpen told when requests can be written: with TLS, after the handshake. The failure to
 * open shows as the socket's "error".
 */
export function openSocket(
  { url, tls }: TransportOptions,
  protocol: "http/1.1" | "h2",
  onOpen: () => void,
): Socket {
  const secure = url.protocol === "https:";
  const host = hostOf(url);
  const port = Number(url.port || (secure ? 443 : 80));
  const socket = secure
    ? connectTls({ host, port, ALPNProtocols: [protocol], ...tlsConnectOptions(url, tls) })
    : connectTcp({ host, port });
  socket.setNoDelay(true);
  const timer = setTimeout(
    () => socket.destroy(new Error(`no answer within ${connectTimeoutMs / 1_000} s`)),
    connectTimeoutMs,
  );
  socket.once("close", () => clearTimeout(timer));
  socket.once(secure ? "secureConnect" : "connect", () => {
    clearTimeout(timer);
    onOpen();
  });
  return socket;
}

/** What a TLS handshake with the server at `url` is to check and to show. */
export function tlsConnectOptions(url: URL, tls: TlsOptions): ConnectionOptions {
  const name = tls.serverName ?? hostOf(url);
  return {
    rejectUnauthorized: !tls.insecure,
    // RFC 6066: a server can be named by a host name only.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  };
}

/** A URL writes an IPv6 address in brackets. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

const firstPauseMs = 100;
const longestPauseMs = 2_000;

/** How long to wait before the next attempt to reach a server that could not be reached. */
export class Backoff {
  #pauseMs = 0;

  /** The first attempt comes at once; then the pauses double. A little chance keeps many clients apart. */
  nextMs(): number {
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(longestPauseMs, Math.max(firstPauseMs, pauseMs * 2));
    return pauseMs * (0.8 + 0.4 * Math.random());
  }

  /** The server was reached. */
  reset(): void {
    this.#pauseMs = 0;
  }
}

/**
 * What went wrong with a request on a connection that was up.
 *
 * @param answered whether the response had begun
 * @param closeHint why the server may have closed the connection without an answer, to be added to the message
 */
export function failureOf(error: Error, answered: boolean, closeHint = ""): TransportFailure {
  if (error.name === "HTTPParserError") {
    return noHttp1(error.message);
  }
  return isClosed(error)
    ? closedEarly(answered, closeHint)
    : { code: "unavailable", message: `The connection failed: ${describe(error)}` };
}

/** Whether the server has closed the connection, and said nothing more. */
export function isClosed(error: Error): boolean {
  return ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(errorCode(error));
}

function noHttp1(parserMessage: string): TransportFailure {
  // The parser's own reason is in parentheses at the end.
  const reason = /\((.+)\)$/.exec(parserMessage)?.[1] ?? parserMessage;
  const hint = reason.startsWith("Expected HTTP/") ? "; if it speaks HTTP/2 alone: --http 2" : "";
  return {
    code: "internal",
    message: `Expected an HTTP/1.1 response, got something else (${reason})${hint}`,
  };
}

/** The connection is closed, and the response is not at its end. */
function closedEarly(answered: boolean, closeHint: string): TransportFailure {
  return {
    code: "unavailable",
    message: answered
      ? "The connection broke off in the middle of the response"
      : `The server closed the connection before it answered${closeHint}`,
  };
}

/** Why there is no connection to a server. */
export function unreachable(url: URL, error: Error): TransportFailure {
  return { code: "unavailable", message: `No connection to ${url.origin}: ${describe(error)}` };
}

const untrusted = "the server's certificate is from an authority not trusted here";
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there; is the server running?",
  ECONNRESET: "the server closed it at once",
  ENOTFOUND: "there is no host of this name",
  EAI_AGAIN: "the name server does not answer",
  EHOSTUNREACH: "there is no way to the host",
  ENETUNREACH: "there is no way to the host's network",
  ERR_SSL_WRONG_VERSION_NUMBER: "the server does not speak TLS; is it an http:// address?",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "the server does not speak TLS; is it an http:// address?",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is self-signed, and not trusted here",
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "the server asks for a client certificate",
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: "the server has another version of HTTP",
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: "the server refused the TLS handshake",
};

function describe(error: Error): string {
  const code = errorCode(error);
  const reason = reasons[code] ?? error.message;
  // The certificate's own complaint names the hosts that it is for.
  return code === "" || reason.includes(code) ? reason : `${reason} (${code})`;
}

function errorCode(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
