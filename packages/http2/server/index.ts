export { MemoryBudget } from "./budget.ts";
export {
  type CloseReason,
  type ConnectionEvents,
  createServerConnection,
  type ServerConnection,
} from "./connection.ts";
export { errorCode } from "./errors.ts";
export type { HeaderFields } from "./fields.ts";
export { encodeHeaderBlock } from "./header-block.ts";
export type { ConnectionOptions, FrameRates } from "./options.ts";
export type { OnStream, ServerStream, StreamReceiver } from "./stream.ts";
