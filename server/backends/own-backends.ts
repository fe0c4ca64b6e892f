import { accessSync, constants } from "node:fs";
import { redactText } from "../redact.ts";
import type { BackendAddresses } from "./backends.ts";

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
