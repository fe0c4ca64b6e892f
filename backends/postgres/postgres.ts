import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { redactText } from "@unblock/terminal/logger";
import { Client } from "pg";
import { assertPostgresUrl, type Backends, type PostgresAddress } from "../backends.ts";
import { userCount } from "../database.ts";
import { clientConfig, closePools, poolSize, poolsOf } from "./find-user.ts";
import { disconnectBlocking, LibpqConnection } from "./find-user-blocking.ts";
import { loadLibpq } from "./libpq.ts";
import { reasonOf } from "./query.ts";

/** Environment variable with its URL, which strategies name in `needs`. */
const variable = "DATABASE_URL";

/**
 * Replaces the database by an external Postgres. Closes the backends when it can't be used.
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
    external: [...backends.external, variable],
    addresses: () => ({ ...backends.addresses(), postgres }),
    close: async () => {
      await endConnections(postgres);
      await backends.close();
    },
  };
}

/** Checks and fills a database before replicas start. */
export async function prepareFor(url: string, servers: Servers): Promise<void> {
  assertPostgresUrl(url);
  const counts = new SharedArrayBuffer(0);
  await prepareDatabase({ url, name: `unblock ${process.pid}`, counts }, servers);
}

/** Also ends queries that block threads, which frees them. */
async function endConnections(postgres: PostgresAddress): Promise<void> {
  disconnectBlocking(postgres);
  await poolsOf(postgres)
    .control.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = $1 AND pid <> pg_backend_pid()`,
      [postgres.name],
    )
    // A Postgres that is away has ended them itself.
    .catch(() => {});
  await closePools(postgres);
}

/** Arbitrary, but the same for all servers. */
const lockNumber = 0x756e_626c;

/**
 * Checks that libpq is installed and that Postgres can be reached and has enough free connections,
 * and creates the table `users` if it is missing.
 *
 * @throws Error that says what is wrong and what to do, without the URL's password
 */
async function prepareDatabase(address: PostgresAddress, servers: Servers): Promise<void> {
  loadLibpq();
  const client = new Client(clientConfig(address));
  // The query in progress fails too; without a listener, the error would end the process.
  client.on("error", () => {});
  const expectConnection = (connect: () => Promise<unknown>) =>
    orExplain(
      address,
      `Postgres to respond at ${redactText(address.url)}`,
      "Does it run, and is the URL (DATABASE_URL, --database-url) right?",
      connect,
    );
  await expectConnection(() => client.connect());
  try {
    await assertConnectionsFit(client, servers);
    await orExplain(
      address,
      'to make the table "users", or to find it with the columns id, name and email',
      "Give unblock a database of its own, and the right to make tables in it.",
      () => fillTable(client),
    );
    // Each driver parses the URL itself. This one blocks, so it comes last.
    await expectConnection(async () => new LibpqConnection(address).close());
  } finally {
    await client.end();
  }
}

async function orExplain(
  { url }: PostgresAddress,
  expected: string,
  advice: string,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new Error(`Expected ${expected}, got: ${reasonOf(error, url)}. ${advice}`);
  }
}

/** All or nothing, and one server at a time: servers that start together create the table once. */
async function fillTable(client: Client): Promise<void> {
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
    // A table of this name may belong to something else.
    await client.query("SELECT id::integer, name::text, email::text FROM users WHERE id = 1");
  }
  await client.query("COMMIT");
}

export interface Servers {
  readonly blockingThreads: number;
  /** Replicas that share the database. */
  readonly replicas: number;
}

/** Connections of the event loop and for cancelling queries. */
const others = 2;
/** Max counts, and the pause between them: connections of a server that just ended close soon. */
const counts = 4;
const pauseMs = 250;

/**
 * Checks at the start that Postgres has enough connections, instead of failing under load.
 *
 * @throws Error with the numbers, and which of them to change
 */
async function assertConnectionsFit(client: Client, servers: Servers): Promise<void> {
  const { blockingThreads, replicas } = servers;
  const needed = replicas * (blockingThreads + poolSize + others);
  for (let count = 1; ; count++) {
    const limits = await readLimits(client);
    if (limits.free >= needed) {
      return;
    }
    if (count === counts) {
      throw tooFew(limits, needed, servers);
    }
    await sleep(pauseMs);
  }
}

function tooFew(limits: Limits, needed: number, { blockingThreads, replicas }: Servers): Error {
  const { allowed, reserved, inUse, free } = limits;
  const most = Math.floor(free / replicas) - poolSize - others;
  const each = replicas > 1 ? `Each of the ${replicas} replicas` : "This server";
  const remedies = [
    ...(most >= 1 ? [`lower --blocking-threads to ${most}`] : []),
    ...(replicas > 1 ? ["start fewer --replicas"] : []),
    "raise max_connections of Postgres",
  ];
  return new Error(
    `Expected ${needed} free connections to Postgres, got ${free}: it allows ${allowed} ` +
      `(max_connections), reserves ${reserved}, and ${inUse} are in use. ${each} needs ` +
      `${blockingThreads} for --blocking-threads, ${poolSize} for the asynchronous driver and ${others} more. ` +
      `To mend it, ${remedies.join(", or ")}.`,
  );
}

interface Limits {
  readonly allowed: number;
  /** Connections reserved for administrators. */
  readonly reserved: number;
  /** Connections in use by anyone else. */
  readonly inUse: number;
  readonly free: number;
}

async function readLimits(client: Client): Promise<Limits> {
  // Every user sees others' connections, but not all of them are clients.
  const { rows } = await client.query<Omit<Limits, "free">>(`
    SELECT
      current_setting('max_connections')::int AS "allowed",
      current_setting('superuser_reserved_connections')::int
        + coalesce(current_setting('reserved_connections', true), '0')::int AS "reserved",
      (SELECT count(*)::int - 1 FROM pg_stat_activity
        WHERE usesysid IS NOT NULL AND datid IS NOT NULL) AS "inUse"`);
  const { allowed = 0, reserved = 0, inUse = 0 } = rows[0] ?? {};
  return { allowed, reserved, inUse, free: allowed - reserved - inUse };
}
