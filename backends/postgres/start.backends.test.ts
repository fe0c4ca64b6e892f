import { join } from "node:path";
import { createCertificates } from "@unblock/test/certificates";
import { type RunningCommand, runCommand, startCommand } from "@unblock/test/cli";
import { hasPostgres, startPostgres, type TestPostgres } from "@unblock/test/postgres";
import { startTestServer } from "@unblock/test/test-server";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";

const password = "s3cr@t/x";
const forms = /s3cr(@|%40)t/;
const smallFlags = ["--port=0", "--cpu-workers=1", "--processes=1"];
/** 30 of Postgres, less 3 for superusers; a server needs 18 besides its blocking threads. */
const free = 27;

/** How the start of a server fails. */
async function problemOf(databaseUrl: string, blockingThreads = 1): Promise<string> {
  const started = startTestServer({ databaseUrl, blockingThreads });
  return started.then(
    async (server) => {
      await server.close();
      return "none";
    },
    (error: Error) => error.message,
  );
}

describe.skipIf(!hasPostgres())("a server that starts with Postgres", () => {
  let postgres: TestPostgres;
  let command: RunningCommand | undefined;
  beforeAll(async () => {
    postgres = await startPostgres({ password, maxConnections: 30 });
  });
  afterEach(async () => {
    command?.child.kill("SIGTERM");
    await command?.exited;
    command = undefined;
  });
  afterAll(() => postgres.close());

  const start = (flags: readonly string[], env: Record<string, string> = {}) => {
    const started = startCommand(
      process.execPath,
      ["server/main.ts", ...smallFlags, ...flags],
      env,
    );
    command = started;
    return vi.waitUntil(() => /http:\/\/\S+/.exec(started.stdout())?.[0], 20_000);
  };

  test("uses all free connections, and does not start when it needs one more", async () => {
    expect(await problemOf(postgres.url, free - 18)).toBe("none");
    // Needed, free, allowed, reserved, in use; blocking, asynchronous and other ones; what would fit.
    const figures = ["28", "27", "30", "3", "0", "10", "16", "2", "9"];
    expect((await problemOf(postgres.url, free - 17)).match(/\d+/g)).toEqual(figures);
    const release = await postgres.hold("SELECT 1");
    expect((await problemOf(postgres.url, free - 18)).match(/\d+/g)).toContain("26");
    await release();
  });

  test("counts its replicas", async () => {
    const { code, stderr } = await runCommand(process.execPath, [
      ...["server/main.ts", ...smallFlags, "--replicas=2", "--database-url", postgres.url],
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      / 68 .* 27: .* 2 .* 16 .*--blocking-threads.*--replicas.*max_connections/,
    );
  });

  test.each([
    ["nobody answers", (url: string) => url.replace(/:\d+\//, ":1/"), "ECONNREFUSED"],
    [
      "the password is wrong",
      (url: string) => url.replace("s3cr", "S3CR"),
      "authentication failed",
    ],
    [
      "there is no such database",
      (url: string) => `${url}s`,
      'database "postgress" does not exist',
    ],
    ["it has no TLS", (url: string) => `${url}?sslmode=require`, "does not support SSL"],
    ["libpq does not know a parameter", (url: string) => `${url}?colour=red`, "colour"],
    ["it is no URL of Postgres", () => `mysql://ada:${password}@db/users`, "mysql:"],
  ])("reports that %s, without the password", async (_, change, expected) => {
    const url = change(postgres.url);
    const flags = [...smallFlags, "--blocking-threads=1", "--database-url", url];
    const { code, stdout, stderr } = await runCommand(process.execPath, [
      "server/main.ts",
      ...flags,
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(expected);
    expect(stderr).toMatch(/^error: Expected [^\n]+\n$/);
    expect(stderr.toLowerCase()).not.toMatch(forms);
  });

  test("rejects a foreign table and leaves it unchanged", async () => {
    await postgres.query("DROP TABLE IF EXISTS users; CREATE TABLE users (name text)");
    expect(await problemOf(postgres.url)).toContain('column "id" does not exist');
    expect(await postgres.query("SELECT * FROM users")).toEqual([]);
    await postgres.query("DROP TABLE users");
  });

  test("creates the table once when several servers start together", async () => {
    await postgres.query("DROP TABLE IF EXISTS users");
    const problems = await Promise.all([1, 2, 3].map(() => problemOf(postgres.url)));
    expect(problems).toEqual(["none", "none", "none"]);
    expect(await postgres.query("SELECT count(*)::int FROM users")).toEqual([{ count: 100_000 }]);
  });

  test.each([
    ["takes the URL from DATABASE_URL", () => [], () => postgres.url, 200],
    ["takes the flag's before it", () => ["--database-url", postgres.url], () => "mysql://db", 200],
    ["takes an empty one for none", () => [], () => "", 400],
  ])("%s", async (_, flags, environment, status) => {
    const url = await start(["--blocking-threads=1", ...flags()], { DATABASE_URL: environment() });
    const reply = await fetch(`${url}/unblock.v1.ExercisesService/GetUser`, {
      method: "POST",
      headers: { "content-type": "application/json", "unblock-strategy": "async" },
      body: '{"user_id":1}',
    });
    expect(reply.status).toBe(status);
  });
});

describe.skipIf(!hasPostgres())("Postgres that speaks only TLS", () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres({ password, certificates: await createCertificates() });
  });
  afterAll(() => postgres.close());

  test.each([
    ["encrypts", () => "sslmode=require"],
    [
      "looks at the certificate",
      () => `sslmode=verify-full&sslrootcert=${join(postgres.folder, "ca.crt")}`,
    ],
  ])("%s with the URL's parameters, whichever the driver", async (_, parameters) => {
    const databaseUrl = `${postgres.url}?${parameters()}`;
    const server = await startTestServer({ databaseUrl, blockingThreads: 4 });
    for (const strategy of ["blocking-pool", "event-loop", "async"]) {
      expect(await server.call("GetUser", { user_id: 1 }, { strategy })).toMatchObject({
        code: "ok",
      });
    }
    const used = await postgres.query(`
      SELECT count(*)::int AS all, count(*) FILTER (WHERE ssl)::int AS encrypted
      FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'unblock %'`);
    expect(used).toEqual([{ all: 3, encrypted: 3 }]);
    await server.close();
  });

  test("is rejected without TLS, and with an untrusted certificate", async () => {
    expect(await problemOf(postgres.url)).toContain("no encryption");
    const problem = await problemOf(`${postgres.url}?sslmode=verify-full`);
    expect(problem).toContain("certificate");
    expect(problem).not.toMatch(forms);
  });
});
