import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { poolSize } from "./pools.ts";

/** The servers that will use a database. */
export interface Servers {
  readonly blockingThreads: number;
  /** How many of the same kind share it: the copies of --replicas. */
  readonly replicas: number;
}

/** What the event loop's own connection and the one that cancels queries take. */
const others = 2;
/** How often the connections are counted, and how far apart, in milliseconds: those of a server that just ended go soon. */
const counts = 4;
const pauseMs = 250;

/**
 * Checks that Postgres has connections enough for all that the servers may make: found out at their
 * start, and not under load.
 *
 * @throws Error that has the numbers, and which of them to change
 */
export async function assertConnectionsFit(
  client: Client,
  { blockingThreads, replicas }: Servers,
): Promise<void> {
  const needed = replicas * (blockingThreads + poolSize + others);
  let limits = await readLimits(client);
  for (let count = 1; freeOf(limits) < needed; count++) {
    if (count === counts) {
      throw tooFew(limits, needed, { blockingThreads, replicas });
    }
    await sleep(pauseMs);
    limits = await readLimits(client);
  }
}

function freeOf({ allowed, reserved, inUse }: Limits): number {
  return allowed - reserved - inUse;
}

function tooFew(limits: Limits, needed: number, { blockingThreads, replicas }: Servers): Error {
  const free = freeOf(limits);
  const most = Math.floor(free / replicas) - poolSize - others;
  const each = replicas > 1 ? `Each of the ${replicas} replicas` : "This server";
  const lower = [
    ...(most >= 1 ? [`lower --blocking-threads to ${most}`] : []),
    ...(replicas > 1 ? ["start fewer --replicas"] : []),
    "raise max_connections of Postgres",
  ];
  return new Error(
    `Expected ${needed} free connections to Postgres, got ${free}: it allows ${limits.allowed} ` +
      `(max_connections), reserves ${limits.reserved}, and ${limits.inUse} are in use. ${each} needs ` +
      `${blockingThreads} for --blocking-threads, ${poolSize} for the asynchronous driver and ${others} more. ` +
      `To mend it, ${lower.join(", or ")}.`,
  );
}

interface Limits {
  readonly allowed: number;
  /** For administrators. */
  readonly reserved: number;
  /** By anybody but this client. */
  readonly inUse: number;
}

async function readLimits(client: Client): Promise<Limits> {
  // Of other users' connections everybody may see that they are there; not all are clients' though.
  const { rows } = await client.query<Record<keyof Limits, number>>(`
    SELECT
      current_setting('max_connections')::int AS "allowed",
      current_setting('superuser_reserved_connections')::int
        + coalesce(current_setting('reserved_connections', true), '0')::int AS "reserved",
      (SELECT count(*)::int - 1 FROM pg_stat_activity
        WHERE usesysid IS NOT NULL AND datid IS NOT NULL) AS "inUse"`);
  const [limits] = rows;
  if (limits === undefined) {
    throw new Error("Expected a row of limits from Postgres, got none");
  }
  return limits;
}
