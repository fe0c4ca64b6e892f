import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { createGrpcTransport } from "@connectrpc/connect-node";
import { tlsConnectOptions } from "../transport/open-socket.ts";
import type { TlsOptions } from "../transport/transport.ts";

type SessionManager = NonNullable<Parameters<typeof createGrpcTransport>[0]["sessionManager"]>;

/**
 * One connection for a few calls, closed when they are done. Connect's own manager stops listening for
 * a connection's errors when it closes it: a GOAWAY that is on its way by then would end the process.
 */
export class ReflectionSession implements SessionManager {
  readonly authority: string;
  readonly #session: ClientHttp2Session;

  constructor(url: URL, tls: TlsOptions) {
    this.authority = url.origin;
    this.#session = connect(url, tlsConnectOptions(url, tls));
    // Those who wait for something on the connection are told, too.
    this.#session.on("error", () => {});
  }

  async request(
    method: string,
    path: string,
    headers: OutgoingHttpHeaders,
  ): Promise<ClientHttp2Stream> {
    if (this.#session.connecting) {
      await once(this.#session, "connect");
    }
    return this.#session.request({ ...headers, ":method": method, ":path": path });
  }

  notifyResponseByteRead(): void {}

  close(): void {
    this.#session.destroy();
  }
}
