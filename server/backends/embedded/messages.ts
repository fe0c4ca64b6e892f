import type { CallCounts } from "../call-counts.ts";
import type { Disk } from "../disk.ts";
import type { RedisEndpoint } from "../redis-url.ts";

/** From the backend process to its keeper, once, when it serves. */
export interface BackendsReady {
  readonly httpPort: number;
  readonly cachePort: number;
  /** Of what stands before a real Redis; undefined: there is none. */
  readonly relayPort: number | undefined;
  /** Whether the disk is made of FIFOs, and so really slow. */
  readonly fifos: boolean;
}

/** From the server to the keeper, and on to the backend process. */
export interface CountsRequest {
  readonly id: number;
  /** Slot of the window to tell. */
  readonly slot: number;
  /** Slot of the window that begins anew after that; undefined: none. */
  readonly restartSlot: number | undefined;
}

/** The same way back. */
export interface CountsReply {
  /** The request's. */
  readonly id: number;
  /** Undefined when there is no process to ask. */
  readonly counts: BackendCounts | undefined;
}

/** From the server to the keeper. After "close" the backend process is gone and the keeper ends. */
export type KeeperRequest = CountsRequest | "close";

export type BackendCounts = readonly (CallCounts & {
  readonly name: string;
  readonly pid: number;
})[];

/** What the keeper thread is started with. */
export interface KeeperData {
  /** A folder of the server's own; the database and the disks are made in it. */
  readonly folder: string;
  /** The real Redis that is the cache; undefined: the embedded one is. */
  readonly redis: RedisEndpoint | undefined;
}

/** From the keeper to the server. */
export type KeeperMessage =
  | (Omit<BackendsReady, "fifos"> & {
      readonly kind: "up";
      readonly pid: number;
      readonly disk: Disk;
    })
  | { readonly kind: "down"; readonly reason: string }
  | { readonly kind: "counts"; readonly reply: CountsReply };
