import { connect as connectTcp, isIP, type Socket } from "node:net";
import { type ConnectionOptions, checkServerIdentity, connect as connectTls } from "node:tls";
import type { TlsOptions, TransportOptions } from "./transport.ts";

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
