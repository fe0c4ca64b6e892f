import type { RedisEndpoint } from "@unblock/executors/queue/redis-url";
import type { CallCounts } from "../call-counts.ts";
import type { Disk } from "../disk.ts";

/** From the backend process to its supervisor, once, when it is ready. */
export interface BackendsReady {
  readonly httpPort: number;
  readonly cachePort: number;
  /** Port of the relay in front of a real Redis; undefined when there is none. */
  readonly relayPort: number | undefined;
  /** Whether the disk consists of FIFOs and is really slow. */
  readonly fifos: boolean;
}

/** From the server via the supervisor to the backend process. */
export interface CountsRequest {
  readonly id: number;
  /** Slot of the window to read. */
  readonly slot: number;
  /** Slot of the window to restart afterwards; undefined for none. */
  readonly restartSlot: number | undefined;
}

export interface CountsReply {
  readonly id: number;
  /** Undefined when there is no backend process. */
  readonly counts: BackendCounts | undefined;
}

/**
 * From the server to the supervisor. After "close" the backend process is killed and the supervisor
 * ends.
 */
export type SupervisorRequest = CountsRequest | "close";

export type BackendCounts = readonly (CallCounts & {
  readonly name: string;
  readonly pid: number;
})[];

export interface SupervisorData {
  /** The server's own folder for the database and the disks. */
  readonly folder: string;
  /** The real Redis used as the cache; undefined for the embedded one. */
  readonly redis: RedisEndpoint | undefined;
}

/** From the supervisor to the server. */
export type SupervisorMessage =
  | (Omit<BackendsReady, "fifos"> & {
      readonly kind: "up";
      readonly pid: number;
      readonly disk: Disk;
    })
  | { readonly kind: "down"; readonly reason: string }
  | { readonly kind: "counts"; readonly reply: CountsReply };
