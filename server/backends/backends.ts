import { accessSync, constants } from "node:fs";
import { redactText } from "../logger.ts";
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

/** HTTP services and a file of the user's own, instead of the embedded ones. */
export interface OwnBackends {
  /** Answers `GET <url>?city=…` with `{"temperature", "conditions"}`. Default: none. */
  readonly weatherUrl: string | undefined;
  /** Answers `GET <url>/service-1` to `/service-5` with `{"data"}` each. Default: none. */
  readonly servicesUrl: string | undefined;
  /** Has the images of the host example.com, as PNG, at the same paths. Default: none. */
  readonly imagesUrl: string | undefined;
  /** Takes events by POST, answers 200 to 299 when it has one, and outlives this server. Default: none. */
  readonly analyticsUrl: string | undefined;
  /** A JSON file with `setting_a` and `setting_b`, on whatever disk it is. Default: none. */
  readonly configFile: string | undefined;
}

export const noOwnBackends: OwnBackends = {
  weatherUrl: undefined,
  servicesUrl: undefined,
  imagesUrl: undefined,
  analyticsUrl: undefined,
  configFile: undefined,
};

/** @throws RangeError that names the option, what was expected and what came */
export function assertOwnBackends({ configFile, ...urls }: OwnBackends): void {
  for (const option of ["weatherUrl", "servicesUrl", "imagesUrl", "analyticsUrl"] as const) {
    const url = urls[option];
    if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
      throw new RangeError(
        `Expected ${option} to be an http or https URL, got ${JSON.stringify(redactText(url))}`,
      );
    }
  }
  if (configFile !== undefined) {
    try {
      accessSync(configFile, constants.R_OK);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new RangeError(`Expected configFile to be a file that can be read: ${reason}`);
    }
  }
}

/** The embedded backends' addresses, with the user's own instead where there are any. */
export function withOwnBackends(
  embedded: BackendAddresses,
  { weatherUrl, servicesUrl, imagesUrl, analyticsUrl, configFile }: OwnBackends,
): BackendAddresses {
  return {
    ...embedded,
    ...(weatherUrl === undefined ? {} : { weatherUrl }),
    ...(servicesUrl === undefined
      ? {}
      : { dashboardUrls: [1, 2, 3, 4, 5].map((n) => `${withoutSlash(servicesUrl)}/service-${n}`) }),
    ...(imagesUrl === undefined
      ? {}
      : { imageHosts: { ...embedded.imageHosts, "example.com": withoutSlash(imagesUrl) } }),
    ...(analyticsUrl === undefined ? {} : { analyticsUrl }),
    ...(configFile === undefined ? {} : { configFile }),
  };
}

/** Paths are put behind it. */
function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
