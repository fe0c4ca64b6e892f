import { maxStreamId } from "../frames.ts";
import type { HeaderLimits } from "../header-blocks.ts";

/** Window given to the server, for streams and the connection: the server should never wait. */
export const receiveWindowBytes = 2 ** 31 - 1;
/** Number of the last stream of a connection. */
export const lastStreamId = maxStreamId;
/** PING and SETTINGS frames whose acknowledgements the server does not read; more end the connection. */
export const maxUnreadAcks = 10_000;
/** What the client reads of a response's header or trailers. */
export const headerLimits: HeaderLimits = {
  maxHeaderBytes: 256 * 1_024,
  maxHeaderFields: 10_000,
  maxContinuations: 1_000,
};
