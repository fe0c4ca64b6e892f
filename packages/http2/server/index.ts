export { errorCode } from "../errors.ts";
export { encodeHeaderBlock } from "../hpack-encoder.ts";
export {
  type CloseReason,
  type ConnectionEvents,
  createServerConnection,
  type ServerConnection,
} from "./connection.ts";
export { type ConnectionOptions, type FrameRates, MemoryBudget } from "./options.ts";
export type { HeaderFields } from "./request-fields.ts";
export type { OnStream, ServerStream, StreamReceiver } from "./stream.ts";
