import { type ClientConfig, Pool } from "pg";
import { parse, toClientConfig } from "pg-connection-string";
import type { PostgresAddress } from "./address.ts";
import { connectMs, graceMs, longestQueryMs } from "./query.ts";

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
