import type { Database } from "./database.ts";
import type { Disk } from "./disk.ts";
import type { BackendCounts } from "./embedded/messages.ts";
import type { ImageHosts } from "./images.ts";
import type { PostgresAddress } from "./postgres/address.ts";

/** The world outside the service: where each backend is, now. Plain data, to send to any thread. */
export interface BackendAddresses {
  readonly database: Database;
  /** The real database, when there is one: then nobody asks the other. */
  readonly postgres: PostgresAddress | undefined;
  readonly disk: Disk;
  /** The user's own file, when there is one: then nobody reads from the slow disk. */
  readonly configFile: string | undefined;
  /** `redis://[user:password@]host:port[/database]` */
  readonly cacheUrl: string;
  readonly weatherUrl: string;
  readonly analyticsUrl: string;
  /** service-1 to service-5. */
  readonly dashboardUrls: readonly string[];
  readonly imageHosts: ImageHosts;
}

/** What is known of the backends. */
export interface BackendsReading {
  readonly counts: BackendCounts;
  /** Why the counts of some are missing, and a window that should have begun anew may not have; undefined: none are. */
  readonly unknown: string | undefined;
}

export interface Backends {
  /** The real engines among them, as the schema's strategies name them in `needs`. */
  readonly engines: readonly string[];
  /** Ask anew for each call: a backend that was started again is somewhere else. */
  addresses(): BackendAddresses;
  /**
   * What the backends counted, as far as they can be asked: within a second, whatever they do.
   *
   * @param slot the window's that is told; default: everybody's
   * @param restartSlot the window's that begins anew after that; default: none
   */
  counts(slot?: number, restartSlot?: number): Promise<BackendsReading>;
  close(): Promise<void>;
}
