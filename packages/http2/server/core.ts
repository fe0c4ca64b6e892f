import type { ReceiveWindow } from "../flow-control.ts";
import type { StreamTable } from "../stream-table.ts";
import type { Meters } from "./meter.ts";
import type { ConnectionLimits } from "./options.ts";
import type { HeaderFields } from "./request-fields.ts";
import type { Requests } from "./requests.ts";
import type { Sender } from "./sender.ts";
import type { OpenStream } from "./stream.ts";
import type { StreamEnds } from "./stream-ends.ts";

/** The connection, as far as its streams and the peer's frames concern it. */
export interface ConnectionCore {
  readonly limits: ConnectionLimits;
  readonly streams: StreamTable<OpenStream>;
  readonly sender: Sender;
  readonly window: ReceiveWindow;
  readonly requests: Requests;
  readonly isClosed: boolean;
  /** Whether new streams are refused because the last GOAWAY has been sent. */
  readonly isFinal: boolean;
  readonly ends: StreamEnds;
  readonly meters: Meters;
  openStream(id: number, fields: HeaderFields, isLast: boolean): void;
  /** A stream has ended. */
  onStreamOver(): void;
  onGoAway(): void;
  onShutdownPing(): void;
  /** Ends the connection with a GOAWAY. */
  fail(code: number, why: string): void;
}
