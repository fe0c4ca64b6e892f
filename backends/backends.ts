import { accessSync, constants } from "node:fs";
import { reasonOf } from "@unblock/errors/failure";
import { redactText } from "@unblock/terminal/logger";
import type { Database } from "./database.ts";
import type { Disk } from "./disk.ts";
import type { BackendCounts } from "./embedded/process.ts";
import type { ImageHosts } from "./images.ts";

/** Current addresses of all backends. Plain data, so that any thread can get it. */
export interface BackendAddresses {
  readonly database: Database;
  /** External Postgres; if there is one, it replaces the embedded database. */
  readonly postgres: PostgresAddress | undefined;
  readonly disk: Disk;
  /** The user's own file; if there is one, it replaces the slow disk. */
  readonly configFile: string | undefined;
  /** `redis://[user:password@]host:port[/database]` */
  readonly cacheUrl: string;
  readonly weatherUrl: string;
  readonly analyticsUrl: string;
  /** service-1 to service-5. */
  readonly dashboardUrls: readonly string[];
  readonly imageHosts: ImageHosts;
}

/** Address of a Postgres. Plain data and shared memory, so that any thread can connect. */
export interface PostgresAddress {
  /** `postgres://user:password@host:port/database?sslmode=…`, as libpq reads it. */
  readonly url: string;
  /** `application_name` of this server's connections, and of no others. */
  readonly name: string;
  /** Memory of a `CallCounter`: the callers count, because Postgres does not. */
  readonly counts: SharedArrayBuffer;
}

export interface BackendsReading {
  readonly counts: BackendCounts;
  /** Why counts are missing and a window may not have been restarted; undefined if none are. */
  readonly unknown: string | undefined;
}

export interface Backends {
  /** External backends in use, named as in the schema's `needs`. */
  readonly external: readonly string[];
  /** Call it for each request: a restarted backend has another address. */
  addresses(): BackendAddresses;
  /**
   * Reads the backends' counts; takes at most a second.
   *
   * @param slot slot of the window to read. Default: the shared window's
   * @param restartSlot slot of the window to restart afterwards. Default: none
   */
  counts(slot?: number, restartSlot?: number): Promise<BackendsReading>;
  close(): Promise<void>;
}

/** HTTP services and a file of the user's own that replace embedded backends. */
export interface OwnBackends {
  /** Responds to `GET <url>?city=…` with `{"temperature", "conditions"}`. Default: none. */
  readonly weatherUrl?: string | undefined;
  /** Responds to `GET <url>/service-1` to `/service-5` with `{"data"}` each. Default: none. */
  readonly servicesUrl?: string | undefined;
  /** Serves the images of the host example.com as PNG, at the same paths. Default: none. */
  readonly imagesUrl?: string | undefined;
  /**
   * Accepts events by POST with a status of 200 to 299, and outlives this server. Default: none.
   */
  readonly analyticsUrl?: string | undefined;
  /** JSON file with `setting_a` and `setting_b`. Default: none. */
  readonly configFile?: string | undefined;
}

/** @throws RangeError that names the option, the expected value and the actual one */
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
      throw new RangeError(`Expected configFile to be a file that can be read: ${reasonOf(error)}`);
    }
  }
}

/** @throws RangeError that says what is wrong with a URL, without its password */
export function assertPostgresUrl(url: string): void {
  const expected =
    "Expected the database's URL to be like postgres://user:password@host:5432/database";
  const parsed = URL.parse(url);
  if (!parsed) {
    // The password may be anywhere in a text that is not a URL.
    throw new RangeError(`${expected}, got ${url.length} characters that are no URL`);
  }
  if (parsed.protocol !== "postgres:" && parsed.protocol !== "postgresql:") {
    throw new RangeError(`${expected}, got one that begins with ${parsed.protocol}`);
  }
}

export function withOwnBackends(embedded: BackendAddresses, own: OwnBackends): BackendAddresses {
  const [servicesUrl, imagesUrl] = [own.servicesUrl, own.imagesUrl].map((url) =>
    url?.replace(/\/+$/, ""),
  );
  return {
    ...embedded,
    weatherUrl: own.weatherUrl ?? embedded.weatherUrl,
    dashboardUrls:
      servicesUrl === undefined
        ? embedded.dashboardUrls
        : [1, 2, 3, 4, 5].map((number) => `${servicesUrl}/service-${number}`),
    imageHosts:
      imagesUrl === undefined
        ? embedded.imageHosts
        : { ...embedded.imageHosts, "example.com": imagesUrl },
    analyticsUrl: own.analyticsUrl ?? embedded.analyticsUrl,
    configFile: own.configFile ?? embedded.configFile,
  };
}
