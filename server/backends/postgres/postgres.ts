import { randomBytes } from "node:crypto";
import type { Backends } from "../backends.ts";
import { assertPostgresUrl, type PostgresAddress } from "./address.ts";
import type { Servers } from "./connection-limit.ts";
import { disconnectBlocking } from "./find-user-blocking.ts";
import { closePools, poolsOf } from "./pools.ts";
import { prepareDatabase } from "./prepare.ts";

/** The environment variable with its URL: so strategies name what they need. */
const engine = "DATABASE_URL";

/**
 * The same backends with a real Postgres as their database. Closes the others when it can't be used.
 *
 * @throws Error that says what is wrong and what to do, without the URL's password
 */
export async function withPostgres(
  backends: Backends,
  url: string,
  { blockingThreads }: Pick<Servers, "blockingThreads">,
): Promise<Backends> {
  const { counts } = backends.addresses().database;
  const name = `unblock ${process.pid} ${randomBytes(4).toString("hex")}`;
  const postgres: PostgresAddress = { url, name, counts };
  try {
    await prepareDatabase(postgres, { blockingThreads, replicas: 1 });
  } catch (error) {
    await backends.close();
    throw error;
  }
  return {
    ...backends,
    engines: [...backends.engines, engine],
    addresses: () => ({ ...backends.addresses(), postgres }),
    close: async () => {
      await endConnections(postgres);
      await backends.close();
    },
  };
}

/** Checks a database, and fills it, before the servers start that will use it. */
export async function prepareFor(url: string, servers: Servers): Promise<void> {
  assertPostgresUrl(url);
  const counts = new SharedArrayBuffer(0);
  await prepareDatabase({ url, name: `unblock ${process.pid}`, counts }, servers);
}

/** Also those of threads that are blocked in a query: its end frees them. */
async function endConnections(postgres: PostgresAddress): Promise<void> {
  disconnectBlocking(postgres);
  await poolsOf(postgres)
    .control.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = $1 AND pid <> pg_backend_pid()`,
      [postgres.name],
    )
    // A Postgres that is gone has ended them itself.
    .catch(() => {});
  await closePools(postgres);
}
