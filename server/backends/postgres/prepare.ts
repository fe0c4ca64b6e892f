import { Client } from "pg";
import { userCount } from "../database.ts";
import { type PostgresAddress, withoutPassword } from "./address.ts";
import { assertConnectionsFit, type Servers } from "./connection-limit.ts";
import { loadLibpq } from "./libpq.ts";
import { LibpqConnection } from "./libpq-connection.ts";
import { clientConfig } from "./pools.ts";
import { reasonOf } from "./query.ts";

/** Any number will do; only servers that prepare the same database must agree on it. */
const lockNumber = 0x756e_626c;

/**
 * Makes sure that the database can be used: libpq is there, Postgres lets us in and has connections
 * enough, and there is a table `users`, which is made and filled when it is missing.
 *
 * @throws Error that says what is wrong and what to do, without the URL's password
 */
export async function prepareDatabase(address: PostgresAddress, servers: Servers): Promise<void> {
  loadLibpq();
  const client = await orExplain(address, async () => {
    const connecting = new Client(clientConfig(address));
    // The query in progress fails too; without a listener the error would end the process.
    connecting.on("error", () => {});
    await connecting.connect();
    return connecting;
  });
  try {
    await assertConnectionsFit(client, servers);
    await fillTable(client, address.url);
    // Each driver reads the URL for itself; this one blocks, so it comes when all else is well.
    await orExplain(address, async () => new LibpqConnection(address).close());
  } finally {
    await client.end();
  }
}

async function orExplain<Result>(
  { url }: PostgresAddress,
  connect: () => Promise<Result>,
): Promise<Result> {
  try {
    return await connect();
  } catch (error) {
    throw new Error(
      `Expected Postgres to answer at ${withoutPassword(url)}, got: ${reasonOf(error, url)}. ` +
        "Does it run, and is the URL (DATABASE_URL, --database-url) right?",
    );
  }
}

async function fillTable(client: Client, url: string): Promise<void> {
  try {
    await fillTableOnce(client);
  } catch (error) {
    throw new Error(
      `Expected to make the table "users", or to find it with the columns id, name and email, got: ` +
        `${reasonOf(error, url)}. Give unblock a database of its own, and the right to make tables in it.`,
    );
  }
}

/** All or nothing, and one after another: servers that start together make it once. */
async function fillTableOnce(client: Client): Promise<void> {
  await client.query("BEGIN");
  await client.query("SELECT pg_advisory_xact_lock($1)", [lockNumber]);
  const { rows } = await client.query("SELECT to_regclass('users') IS NULL AS is_missing");
  if (rows[0]?.is_missing) {
    await client.query(
      "CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL, email text NOT NULL)",
    );
    await client.query(`
      INSERT INTO users
      SELECT id, 'User ' || id, 'user' || id || '@example.com' FROM generate_series(1, ${userCount}) id`);
  } else {
    // A table of this name may be somebody else's.
    await client.query("SELECT id::integer, name::text, email::text FROM users WHERE id = 1");
  }
  await client.query("COMMIT");
}
