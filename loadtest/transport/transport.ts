/** Header or trailer fields, by lower-case name. */
export interface Fields {
  get(name: string): string | null;
}

export interface RequestHead {
  readonly method: "POST" | "GET";
  /** With its query, such as "/unblock.v1.VitalsService/Ping". */
  readonly path: string;
  /** Lower-case names. */
  readonly fields: Readonly<Record<string, string>>;
}

/** A request that is ready to be sent many times. */
export interface PreparedRequest {
  /**
   * Sends it on the next connection; when none is up, with the first that is, or fails with it.
   * Never throws.
   */
  send(receiver: Receiver): Sending;
}

/** A request on its way. */
export interface Sending {
  /** Gives the request up: its receiver hears no more. */
  cancel(): void;
  /** Which connection carries it, from 0; -1 while it waits for one. */
  readonly connection: number;
  /** When it was written, on this thread's `performance.now()`; 0 before. */
  readonly writtenMs: number;
}

/** Told how a response comes in, in this order; `end` or `fail` once, and last. */
export interface Receiver {
  head(status: number, fields: Fields): void;
  /** A part of the body; a view that is only valid during the call. */
  data(chunk: Buffer): void;
  trailers(fields: Fields): void;
  end(): void;
  /** The response did not come to its end. The message is for people. */
  fail(failure: TransportFailure): void;
}

export interface TransportFailure {
  /** The RPC code that this kind of failure stands for. */
  readonly code: "unavailable" | "internal" | "canceled" | "resource_exhausted";
  readonly message: string;
}

/** Certificates as PEM text. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name that the server's certificate must bear; default: the URL's host. */
  readonly serverName?: string;
  /** Whether any certificate is taken. */
  readonly insecure: boolean;
}

export interface TransportOptions {
  /** "http:" or "https:". */
  readonly url: URL;
  readonly connections: number;
  readonly tls: TlsOptions;
}

/**
 * Some connections to one server. One that is lost is made again, with growing pauses while the
 * server can't be reached; requests meanwhile use those that are up.
 */
export interface Transport {
  /** Resolves when all connections are up and the server's settings known; rejects with the reason. */
  connect(): Promise<void>;
  prepare(head: RequestHead, body: Buffer): PreparedRequest;
  close(): void;
}
