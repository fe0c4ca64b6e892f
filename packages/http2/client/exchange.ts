/** Header or trailer fields, by lower-case name. */
export interface Fields {
  get(name: string): string | null;
}

export interface RequestHead {
  readonly method: "POST" | "GET";
  /** Path and query, such as "/unblock.v1.VitalsService/Ping". */
  readonly path: string;
  /** Lower-case names. */
  readonly fields: Readonly<Record<string, string>>;
}

/** A request that can be sent many times. */
export interface PreparedRequest {
  /**
   * Sends the request. While no connection is up, the request waits for the next attempt to connect
   * and fails with it. Never throws.
   *
   * @param connection connection to use if it is free, from 0 and counted on after the last one;
   *   default: the connections in turn
   */
  send(receiver: Receiver, connection?: number): Sending;
}

/** A request in progress. */
export interface Sending {
  /** Cancels the request; its receiver is not called again. */
  cancel(): void;
  /** Index of the connection that carries the request; -1 while it waits for one. */
  readonly connection: number;
  /** Time of the write, on this thread's `performance.now()`; 0 before it. */
  readonly writtenMs: number;
}

/** Callbacks for one response, called in this order. `end` or `fail` is called once, and last. */
export interface Receiver {
  head(status: number, fields: Fields): void;
  /** @param chunk part of the body; a view that is valid only during the call */
  data(chunk: Buffer): void;
  trailers(fields: Fields): void;
  end(): void;
  /** The response is not complete. */
  fail(failure: TransportFailure): void;
}

export interface TransportFailure {
  /** RPC code for this kind of failure. */
  readonly code: "unavailable" | "internal" | "canceled" | "resource_exhausted";
  readonly message: string;
}

/** Certificates as PEM text. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Name that the server's certificate must have; default: the URL's host. */
  readonly serverName?: string;
  /** Whether any certificate is accepted. */
  readonly insecure: boolean;
}

export interface TransportOptions {
  /** "http:" or "https:". */
  readonly url: URL;
  readonly connections: number;
  readonly tls: TlsOptions;
}

/**
 * Connections to one server. A lost connection is reopened with exponential backoff; meanwhile
 * requests use the connections that are up.
 */
export interface Transport {
  /** Resolves when all connections can take requests; rejects with the reason of a failed attempt. */
  connect(): Promise<void>;
  prepare(head: RequestHead, body: Buffer): PreparedRequest;
  close(): void;
}
