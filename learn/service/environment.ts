import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import type { BackendAddresses } from "@unblock/backends/backends";
import { CallCounter } from "@unblock/backends/call-counts";
import type { Resources } from "@unblock/exercises/exercise";
import type { WorldAddresses } from "./channel.ts";

/** What the toolbox needs in any thread. Plain data and shared memory. */
export interface Environment {
  readonly addresses: BackendAddresses;
  /** Crops of a picture that cost about 100 ms of CPU here. */
  readonly crops: number;
  /** The file for notes of blocking calls. */
  readonly holdingsPath: string;
}

const key = "unblock learn";
/** Variable that the learner's processes inherit. */
export const environmentVariable = "UNBLOCK_LEARN_ENVIRONMENT";
let own: Environment | undefined;

/** Undefined outside of a service that `npm run check` or `npm run learn` started. */
export function knownEnvironment(): Environment | undefined {
  own ??= readEnvironment();
  return own;
}

/** Sets the environment of this thread, and of threads and processes that are started from now on. */
export function provideEnvironment(environment: Environment): void {
  own = environment;
  setEnvironmentData(key, environment);
  process.env[environmentVariable] = JSON.stringify(toProcessEnvironment(environment));
}

/** @throws Error outside of a service that `npm run check` or `npm run learn` started */
export function environment(): Environment {
  const known = knownEnvironment();
  if (known === undefined) {
    throw new Error(
      "The toolbox works in the service that `npm run check` and `npm run learn` start, and in its threads",
    );
  }
  return known;
}

/** What can be passed to another process, which shares no memory. */
export type ProcessEnvironment = ReturnType<typeof toProcessEnvironment>;

export function toProcessEnvironment({ addresses, ...others }: Environment) {
  const { database, disk: _, ...shared } = addresses;
  return { ...others, addresses: shared, databasePath: database.path };
}

/** Processes have no disk: the number of the next file is in shared memory. */
export function toEnvironment(given: Environment | ProcessEnvironment): Environment {
  if (!("databasePath" in given)) {
    return given;
  }
  const { addresses, databasePath: path, ...others } = given;
  const database = { path, counts: CallCounter.buffer() };
  const disk = { folder: "/no disk in processes", nextNumber: undefined };
  return { ...others, addresses: { ...addresses, database, disk } };
}

function readEnvironment(): Environment | undefined {
  const data = getEnvironmentData(key);
  const inherited = process.env[environmentVariable];
  if (isEnvironment(data)) {
    return data;
  }
  return inherited === undefined ? undefined : toEnvironment(JSON.parse(inherited));
}

function isEnvironment(data: unknown): data is Environment {
  return typeof data === "object" && data !== null && "addresses" in data;
}

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

let open: { readonly resources: Resources; readonly file: string } | undefined;

/** Provides the service's executors and the URL of the learner's file to the pools. */
export function provideResources(resources: Resources, file: string): void {
  open = { resources, file };
}

/** The service's executors, and the URL of the learner's file. @throws Error outside of its main thread */
export function ownService(): NonNullable<typeof open> {
  if (open === undefined) {
    throw new Error("The pools are for the handler, in the service's main thread");
  }
  return open;
}
