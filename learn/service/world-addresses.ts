import type { BackendAddresses } from "../../server/backends/backends.ts";
import { CallCounter } from "../../server/backends/call-counts.ts";
import type { WorldAddresses } from "./messages.ts";

/** Where the learner's code finds its backends. */
export function worldAddresses(
  { httpUrl, cachePort, diskFolder, fifos, databasePath }: WorldAddresses,
  analyticsUrl: string | null,
): BackendAddresses {
  const url = (name: string) => `${httpUrl}/${name}`;
  const nextNumber = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  return {
    database: { path: databasePath, counts: CallCounter.buffer() },
    postgres: undefined,
    disk: { folder: diskFolder, nextNumber: fifos ? nextNumber : undefined },
    configFile: undefined,
    cacheUrl: `redis://127.0.0.1:${cachePort}`,
    weatherUrl: url("weather"),
    analyticsUrl: analyticsUrl ?? url("analytics"),
    dashboardUrls: [1, 2, 3, 4, 5].map((number) => url(`service-${number}`)),
    imageHosts: { "example.com": url("images") },
  };
}
