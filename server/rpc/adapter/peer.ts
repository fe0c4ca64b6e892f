import type { Socket } from "node:net";
import { createContextKey } from "@connectrpc/connect";

/** What a call came over; undefined once the connection is gone. */
export interface Peer {
  readonly socket: Socket | undefined;
}

/** The peer of the call whose context has this value, for who asks; others pay nothing for it. */
export const peerKey = createContextKey<Peer>(
  { socket: undefined },
  { description: "peer of the call" },
);
