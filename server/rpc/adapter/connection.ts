import { createContextKey } from "@connectrpc/connect";

/** The connection that a call came over: the same object for all its calls. */
export const connectionKey = createContextKey<object | undefined>(undefined, {
  description: "connection",
});
