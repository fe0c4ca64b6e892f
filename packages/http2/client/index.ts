export { Backoff, openSocket } from "./connect.ts";
export type {
  Fields,
  PreparedRequest,
  Receiver,
  RequestHead,
  Sending,
  TlsOptions,
  Transport,
  TransportFailure,
  TransportOptions,
} from "./exchange.ts";
export { closedByClient, describeError, systemCode, unreachable } from "./failures.ts";
export { Http2Transport } from "./transport.ts";
