import type { DescMethodUnary, Message } from "@bufbuild/protobuf";

/** How a call ended. Success is the RPC's status, never HTTP's. */
export interface CallResult {
  /** "ok", or the name of the RPC's code, such as "unavailable". */
  readonly code: string;
  /** What the server says of a failure. */
  readonly message: string;
  readonly header: { get(name: string): string | null };
}

export interface Call {
  readonly method: DescMethodUnary;
  readonly request: Message;
  readonly header: Readonly<Record<string, string>>;
  /** The deadline, in milliseconds; 0 for none. */
  readonly timeoutMs: number;
}

/** Sends calls over one connection. */
export interface Driver {
  /** Resolves when the connection is up and the server's limits are known. */
  connect(): Promise<void>;
  /** Makes a call ready, so that to send it costs as little as can be. Never rejects when sent. */
  prepare(call: Call): () => Promise<CallResult>;
  close(): void;
}
