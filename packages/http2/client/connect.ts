import { connect as connectTcp, isIP, type Socket } from "node:net";
import { type ConnectionOptions, checkServerIdentity, connect as connectTls } from "node:tls";
import type { TlsOptions, TransportFailure, TransportOptions } from "./exchange.ts";

/** Limit for firewalls that drop packets, where the kernel would retry for minutes. */
const connectTimeoutMs = 10_000;
const minBackoffMs = 100;
const maxBackoffMs = 2_000;

/**
 * Opens a connection. A failure to open it is reported by the socket's "error" event.
 *
 * @param protocol offered in the TLS handshake
 * @param onOpen called when requests can be written; with TLS, after the handshake
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
    () => socket.destroy(new Error(`no response within ${connectTimeoutMs / 1_000} s`)),
    connectTimeoutMs,
  );
  socket.once("close", () => clearTimeout(timer));
  socket.once(secure ? "secureConnect" : "connect", () => {
    clearTimeout(timer);
    onOpen();
  });
  return socket;
}

/** Options for a TLS handshake with the server at `url`. */
export function tlsConnectOptions(url: URL, tls: TlsOptions): ConnectionOptions {
  const { serverName: name = hostOf(url), insecure, ...pem } = tls;
  return {
    rejectUnauthorized: !insecure,
    // RFC 6066: a server name is a host name, never an address.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    ...pem,
  };
}

/** A URL's host without the brackets around an IPv6 address. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** Delays between attempts to connect: none, then 100 ms, doubling up to 2 s, each ±20 %. */
export class Backoff {
  #delayMs = 0;

  nextMs(): number {
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(maxBackoffMs, Math.max(minBackoffMs, delayMs * 2));
    return delayMs * (0.8 + 0.4 * Math.random());
  }

  reset(): void {
    this.#delayMs = 0;
  }
}

export const closedByClient: TransportFailure = {
  code: "canceled",
  message: "The client closed its connections",
};

/**
 * The failure of a request on a connection that was up.
 *
 * @param hasResponse whether the response had begun
 * @param closeHint appended to the message when the server closed without a response
 */
export function failureOf(error: Error, hasResponse: boolean, closeHint = ""): TransportFailure {
  if (error.name === "HTTPParserError") {
    return notHttp1(error.message);
  }
  if (!isClosed(error)) {
    return { code: "unavailable", message: `The connection failed: ${describe(error)}` };
  }
  return {
    code: "unavailable",
    message: hasResponse
      ? "The connection closed in the middle of the response"
      : `The server closed the connection before it responded${closeHint}`,
  };
}

/** Whether the error says only that the connection is closed. */
export function isClosed(error: Error): boolean {
  return ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(errorCode(error));
}

function notHttp1(parserMessage: string): TransportFailure {
  // The parser's own reason is in parentheses at the end.
  const reason = /\((.+)\)$/.exec(parserMessage)?.[1] ?? parserMessage;
  const hint = reason.startsWith("Expected HTTP/")
    ? "; for a server with HTTP/2 only: --http 2"
    : "";
  return {
    code: "internal",
    message: `Expected an HTTP/1.1 response, got something else (${reason})${hint}`,
  };
}

export function unreachable(url: URL, error: Error): TransportFailure {
  return { code: "unavailable", message: `No connection to ${url.origin}: ${describe(error)}` };
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

function describe(error: Error): string {
  const code = errorCode(error);
  const reason = reasons[code] ?? error.message;
  return code === "" || reason.includes(code) ? reason : `${reason} (${code})`;
}

function errorCode(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
