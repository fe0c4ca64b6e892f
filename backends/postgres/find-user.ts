import { type ClientConfig, Pool, type PoolClient } from "pg";
import { parse, toClientConfig } from "pg-connection-string";
import type { PostgresAddress } from "../backends.ts";
import { CallCounter } from "../call-counts.ts";
import type { User } from "../database.ts";
import {
  connectMs,
  failureOf,
  findUserStatement,
  graceMs,
  isLostConnection,
  maxQueryMs,
  noResponse,
  toUser,
} from "./query.ts";

/** The driver's message when Postgres did not even end the query. */
const readTimeout = "Query read timeout";
const attempts = 2;

/**
 * Finds a user with a driver that does not block: the query waits in Postgres, and no thread here.
 * When the signal aborts, Postgres ends the query and the connection returns to the pool.
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
      let isBroken = false;
      try {
        signal.throwIfAborted();
        return await queryUntilAborted(client, address, id, signal);
      } catch (error) {
        isBroken = error !== signal.reason && isLostConnection(error);
        // A connection may have been lost before its use; a query that only reads may be repeated.
        if (attempt === attempts || !isBroken || signal.aborted || isReadTimeout(error)) {
          throw isReadTimeout(error) ? noResponse() : error;
        }
      } finally {
        client.release(isBroken);
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw failureOf(error, address.url);
  }
}

function isReadTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === readTimeout;
}

async function queryUntilAborted(
  client: PoolClient,
  address: PostgresAddress,
  id: number,
  signal: AbortSignal,
): Promise<User | undefined> {
  const counter = new CallCounter(address.counts);
  let cancelling: Promise<void> | undefined;
  const cancel = () => {
    cancelling = cancelQuery(client, address);
  };
  signal.addEventListener("abort", cancel, { once: true });
  counter.begin();
  try {
    const { rows } = await client.query({ ...findUserStatement, values: [id] });
    return toUser(rows[0]?.id, rows[0]?.name, rows[0]?.email);
  } finally {
    counter.end();
    signal.removeEventListener("abort", cancel);
    // If the connection were reused earlier, another query might be cancelled.
    await cancelling;
  }
}

async function cancelQuery(client: PoolClient, address: PostgresAddress): Promise<void> {
  // The driver's types lack the id of the process that serves the connection.
  const pid = "processID" in client ? client.processID : 0;
  // On failure, the query's own timeout ends it.
  await poolsOf(address)
    .control.query("SELECT pg_cancel_backend($1)", [pid])
    .catch(() => {});
}

/** Max queries of the asynchronous driver at once; the others wait for a connection. */
export const poolSize = 16;

interface Pools {
  readonly queries: Pool;
  /** One connection, for cancelling queries. */
  readonly control: Pool;
}

// Only the server's main thread uses them.
const all = new Map<string, Pools>();

/** Pools of an address; they connect at first use, and reconnect after a loss. */
export function poolsOf(address: PostgresAddress): Pools {
  return all.getOrInsertComputed(address.name, () => ({
    queries: createPool(address, poolSize),
    control: createPool(address, 1),
  }));
}

export async function closePools({ name }: PostgresAddress): Promise<void> {
  const pools = all.get(name);
  all.delete(name);
  await Promise.all([pools?.queries.end(), pools?.control.end()]);
}

/** The asynchronous driver's options for an address. */
export function clientConfig({ url, name }: PostgresAddress): ClientConfig {
  return {
    // Gives sslmode the meaning that libpq, which gets the same URL, gives it.
    ...toClientConfig(parse(url, { useLibpqCompat: true })),
    application_name: name,
    connectionTimeoutMillis: connectMs,
  };
}

function createPool(address: PostgresAddress, max: number): Pool {
  const pool = new Pool({
    ...clientConfig(address),
    max,
    // Postgres ends long queries; the second limit is for a Postgres that does not.
    statement_timeout: maxQueryMs,
    query_timeout: maxQueryMs + graceMs,
    // An idle connection is free, while a new one delays a call.
    idleTimeoutMillis: 0,
  });
  // The pool replaces lost connections, and their queries fail; without listeners, which the pool
  // has only while they are idle, their errors would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}
