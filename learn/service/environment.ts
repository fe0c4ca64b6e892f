import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import type { BackendAddresses } from "../../server/backends/backends.ts";
import { CallCounter } from "../../server/backends/call-counts.ts";
import type { House } from "../../server/exercises/exercise.ts";
import type { WorldAddresses } from "./channel.ts";

/** What the toolbox works with, in whichever thread it is. Plain data and shared memory. */
export interface Environment {
  readonly addresses: BackendAddresses;
  /** How many crops of a picture cost about 100 ms of CPU here. */
  readonly crops: number;
  /** The file that notes what holds a thread (holdings.ts). */
  readonly holdingsPath: string;
}

/** What of it can go to another process. */
export type ProcessEnvironment = Pick<Environment, "crops" | "holdingsPath"> & {
  readonly addresses: Omit<BackendAddresses, "database" | "disk">;
  readonly databasePath: string;
};

const key = "unblock learn";
/** The variable that processes inherit which the learner's code starts. */
const variable = "UNBLOCK_LEARN_ENVIRONMENT";
let own: Environment | undefined;

/** Undefined outside of a service that `npm run check` or `npm run learn` started. */
export function knownEnvironment(): Environment | undefined {
  own ??= readEnvironment();
  return own;
}

/** For this thread, and for threads and processes that are started from now on. */
export function provideEnvironment(environment: Environment): void {
  own = environment;
  setEnvironmentData(key, environment);
  process.env[variable] = JSON.stringify(toProcessEnvironment(environment));
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

export function toProcessEnvironment({
  addresses,
  crops,
  holdingsPath,
}: Environment): ProcessEnvironment {
  const { database, disk: _, ...others } = addresses;
  return { addresses: others, databasePath: database.path, crops, holdingsPath };
}

/** Over there it has no disk: whose turn a file is, is shared memory. */
export function toEnvironment(given: Environment | ProcessEnvironment): Environment {
  if (!("databasePath" in given)) {
    return given;
  }
  const database = { path: given.databasePath, counts: CallCounter.buffer() };
  const disk = { folder: "/no disk in processes", nextNumber: undefined };
  return {
    crops: given.crops,
    addresses: { ...given.addresses, database, disk },
    holdingsPath: given.holdingsPath,
  };
}

function readEnvironment(): Environment | undefined {
  const inherited = process.env[variable];
  const data = getEnvironmentData(key);
  if (isEnvironment(data)) {
    return data;
  }
  return inherited === undefined ? undefined : toEnvironment(JSON.parse(inherited));
}

function isEnvironment(data: unknown): data is Environment {
  return typeof data === "object" && data !== null && "addresses" in data;
}

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

let open: { readonly house: House; readonly file: string } | undefined;

/** Makes the service's places known to the pools, and the learner's file to those who run it elsewhere. */
export function provideHouse(house: House, file: string): void {
  open = { house, file };
}

/** @throws Error in any other thread than the service's main one */
export function house(): House {
  return opened().house;
}

/** The URL of the learner's file. */
export function learnerFile(): string {
  return opened().file;
}

function opened(): NonNullable<typeof open> {
  if (open === undefined) {
    throw new Error("The pools are for the handler, in the service's main thread");
  }
  return open;
}
