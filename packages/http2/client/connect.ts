import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from "node:net";
import { type ConnectionOptions, checkServerIdentity, connect as connectTls } from "node:tls";
import type { TlsOptions, TransportOptions } from "./exchange.ts";

/** Limit for firewalls that drop packets, where the kernel would retry for minutes. */
const connectTimeoutMs = 10_000;
const minBackoffMs = 100;
const maxBackoffMs = 2_000;

/** What sockets of this thread read into: each chunk is dealt with before the next one is read. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1_024);

/**
 * Opens a connection. A failure to open it is reported by the socket's "error" event.
 *
 * @param protocol offered in the TLS handshake
 * @param onOpen called when requests can be written; with TLS, after the handshake
 * @param onChunk called with what arrives, in memory that is used again afterwards; default: the
 *   socket's "data" events
 */
export function openSocket(
  { url, tls }: TransportOptions,
  protocol: "http/1.1" | "h2",
  onOpen: () => void,
  onChunk?: (chunk: Buffer) => void,
): Socket {
  const secure = url.protocol === "https:";
  const host = hostOf(url);
  const port = Number(url.port || (secure ? 443 : 80));
  const socket = secure
    ? connectTls({ host, port, ALPNProtocols: [protocol], ...tlsConnectOptions(url, tls) })
    : connectTcp({ host, port, onread: onChunk && readInto(readBuffer, onChunk) });
  if (secure && onChunk !== undefined) {
    socket.on("data", onChunk);
  }
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

function readInto(buffer: Buffer, onChunk: (chunk: Buffer) => void): OnReadOpts {
  return {
    buffer,
    callback: (bytes) => {
      onChunk(buffer.subarray(0, bytes));
      return true;
    },
  };
}

function tlsConnectOptions(url: URL, tls: TlsOptions): ConnectionOptions {
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
