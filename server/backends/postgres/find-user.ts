import { type ClientConfig, Pool, type PoolClient } from "pg";
import { parse, toClientConfig } from "pg-connection-string";
import { CallCounter } from "../call-counts.ts";
import type { User } from "../database.ts";
import type { PostgresAddress } from "./address.ts";
import {
  connectMs,
  failureOf,
  findUserStatement,
  gaveUp,
  graceMs,
  isLostConnection,
  longestQueryMs,
  toUser,
} from "./query.ts";

/** What the driver says when Postgres did not even end the query. */
const readTimeout = "Query read timeout";
/** How often a query is sent. */
const attempts = 2;

/**
 * Finds a user with a driver that does not block: the query waits in Postgres, and no thread here.
 * When the signal aborts, Postgres ends the query and the connection goes back to the pool.
 *
 * @returns undefined when there is no such user
 */
export async function findUser(
  address: PostgresAddress,
  id: number,
  signal: AbortSignal,
): Promise<User | undefined> {
  const { queries } = poolsOf(address);
  try {
    for (let attempt = 1; ; attempt++) {
      const client = await queries.connect();
      try {
        return await queryWith(client, address, id, signal);
      } catch (error) {
        // A connection may be lost without a word before it is used; what only reads may run again.
        if (attempt === attempts || signal.aborted || !isLostConnection(error)) {
          throw error;
        }
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw failureOf(error, address.url);
  }
}

async function queryWith(
  client: PoolClient,
  address: PostgresAddress,
  id: number,
  signal: AbortSignal,
): Promise<User | undefined> {
  let isBroken = false;
  try {
    signal.throwIfAborted();
    const { rows } = await queryUntilAborted(client, address, id, signal);
    const row: Record<string, unknown> | undefined = rows[0];
    return toUser(row?.id, row?.name, row?.email);
  } catch (error) {
    isBroken = error !== signal.reason && isLostConnection(error);
    throw error instanceof Error && error.message === readTimeout ? gaveUp() : error;
  } finally {
    client.release(isBroken);
  }
}

async function queryUntilAborted(
  client: PoolClient,
  address: PostgresAddress,
  id: number,
  signal: AbortSignal,
) {
  const counter = new CallCounter(address.counts);
  let cancelling: Promise<void> | undefined;
  const cancel = () => {
    cancelling = cancelQuery(client, address);
  };
  signal.addEventListener("abort", cancel, { once: true });
  counter.begin();
  try {
    return await client.query({ ...findUserStatement, values: [id] });
  } finally {
    counter.end();
    signal.removeEventListener("abort", cancel);
    // Were the connection used again before, what is cancelled might be somebody else's query.
    await cancelling;
  }
}

async function cancelQuery(client: PoolClient, address: PostgresAddress): Promise<void> {
  // The driver's types do not have the number of the process that serves the connection.
  if (!("processID" in client)) {
    return;
  }
  // If it can't be asked, its own time limit ends the query.
  await poolsOf(address)
    .control.query("SELECT pg_cancel_backend($1)", [client.processID])
    .catch(() => {});
}

/** How many queries of the asynchronous driver may run at once; the others wait for a connection. */
export const poolSize = 16;

/** The connections of the asynchronous driver. */
export interface Pools {
  readonly queries: Pool;
  /** One connection, to end queries that nobody wants any more. */
  readonly control: Pool;
}

// One thread asks: the server's main one.
const all = new Map<string, Pools>();

/** The pools of an address; they connect when they are first used, and again when a connection is lost. */
export function poolsOf(address: PostgresAddress): Pools {
  const pools = all.get(address.name) ?? createPools(address);
  all.set(address.name, pools);
  return pools;
}

export async function closePools({ name }: PostgresAddress): Promise<void> {
  const pools = all.get(name);
  all.delete(name);
  await Promise.all([pools?.queries.end(), pools?.control.end()]);
}

function createPools(address: PostgresAddress): Pools {
  return { queries: createPool(address, poolSize), control: createPool(address, 1) };
}

/** What the asynchronous driver makes of an address. */
export function clientConfig({ url, name }: PostgresAddress): ClientConfig {
  return {
    // So that sslmode means what it means to libpq, to which the same URL goes.
    ...toClientConfig(parse(url, { useLibpqCompat: true })),
    application_name: name,
    connectionTimeoutMillis: connectMs,
  };
}

function createPool(address: PostgresAddress, max: number): Pool {
  const pool = new Pool({
    ...clientConfig(address),
    max,
    // Postgres ends what takes too long. A Postgres that does not even do that is given up.
    statement_timeout: longestQueryMs,
    query_timeout: longestQueryMs + graceMs,
    // A connection that idles costs nothing, and a new one costs a call its time.
    idleTimeoutMillis: 0,
  });
  // The pool replaces connections that are lost, and their queries fail; without listeners, which it
  // has only while they idle, their errors would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}
