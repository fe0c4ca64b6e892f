import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import type { BackendAddresses } from "../../server/backends/backends.ts";
import { CallCounter } from "../../server/backends/call-counts.ts";

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
