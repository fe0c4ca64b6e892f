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

export interface Backends {
  /** The real engines among them, as the schema's strategies name them in `needs`. */
  readonly engines: readonly string[];
  /** Ask anew for each call: a backend that was started again is somewhere else. */
  addresses(): BackendAddresses;
  counts(): Promise<BackendCounts>;
  restartWindow(): Promise<void>;
  close(): Promise<void>;
}
