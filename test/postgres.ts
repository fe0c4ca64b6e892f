import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Client } from "pg";
import type { Certificates } from "./certificates.ts";
import { freePort } from "./listen.ts";
import { descendantsOf } from "./processes.ts";

export interface PostgresOptions {
  /** By default none is required. */
  readonly password?: string;
  /** With these it accepts TLS only. */
  readonly certificates?: Certificates;
  /** Default: 100. */
  readonly maxConnections?: number;
}

/** A Postgres of a test's own, on a free port, in a temporary folder. */
export interface TestPostgres {
  /** With the password, without options of TLS. */
  readonly url: string;
  readonly folder: string;
  /** Closes its connections at once, and accepts none until it is started. */
  stop(): Promise<void>;
  /** Kills it without closing its connections. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Stops its processes with all connections open, until the returned function is called. */
  freeze(): () => void;
  /** Runs a query over a connection of its own. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** Runs SQL in a transaction that stays open until the returned function is called. */
  hold(sql: string): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** Folder of its programs; Debian has one for each version. */
const programs = findPrograms();
/** Postgres refuses to run as root; its package creates a user for it. */
const owner =
  programs !== undefined && process.getuid?.() === 0
    ? { uid: idOf("-u"), gid: idOf("-g") }
    : undefined;

/** Whether Postgres is installed. Throws in CI if it is not. */
export function hasPostgres(): boolean {
  if (programs === undefined && process.env.CI !== undefined) {
    throw new Error("Expected Postgres's initdb in CI, got none; .ci/run installs it");
  }
  return programs !== undefined;
}

export async function startPostgres(options: PostgresOptions = {}): Promise<TestPostgres> {
  const { password = "", certificates } = options;
  const folder = mkdtempSync(join(tmpdir(), "unblock-postgres-"));
  const data = join(folder, "data");
  giveToOwner(folder);
  if (password !== "") {
    write(folder, "password", password);
  }
  const login =
    password === ""
      ? ["-A", "trust"]
      : ["-A", "scram-sha-256", "--pwfile", join(folder, "password")];
  execFileSync(
    program("initdb"),
    ["-D", data, "-U", "ada", "-N", "-E", "UTF8", "--locale=C", ...login],
    {
      ...owner,
      stdio: "pipe",
    },
  );
  if (certificates !== undefined) {
    write(folder, "server.crt", certificates.server.cert);
    write(folder, "server.key", certificates.server.key);
    write(folder, "ca.crt", certificates.ca.cert);
    write(
      data,
      "pg_hba.conf",
      `hostssl all all all ${password === "" ? "trust" : "scram-sha-256"}\n`,
    );
  }
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    fsync: "off",
    max_connections: options.maxConnections ?? 100,
    ...(certificates === undefined
      ? {}
      : {
          ssl: "on",
          ssl_cert_file: join(folder, "server.crt"),
          ssl_key_file: join(folder, "server.key"),
        }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const url = `postgres://ada${password === "" ? "" : `:${encodeURIComponent(password)}`}@127.0.0.1:${port}/postgres`;

  let child: ChildProcess | undefined;
  const start = async () => {
    child = spawn(program("postgres"), ["-D", data, ...flags], {
      ...owner,
      stdio: ["ignore", "ignore", "pipe"],
    });
    await untilReady(child);
  };
  const end = async (signal: NodeJS.Signals) => {
    const ending = child;
    child = undefined;
    if (ending?.kill(signal)) {
      await once(ending, "exit");
    }
  };
  const killAtExit = () => child?.kill("SIGQUIT");
  process.once("exit", killAtExit);

  const connect = async () => {
    const ssl = certificates && { ca: certificates.ca.cert };
    const client = new Client({ connectionString: url, ...(ssl && { ssl }) });
    client.on("error", () => {});
    await client.connect();
    return client;
  };

  await start();
  return {
    url,
    folder,
    // In Postgres "fast" and "immediate" shutdown.
    stop: () => end("SIGINT"),
    kill: () => end("SIGQUIT"),
    start,
    freeze: () => {
      const pid = child?.pid ?? 0;
      const pids = [pid, ...descendantsOf(pid)];
      for (const frozen of pids) {
        process.kill(frozen, "SIGSTOP");
      }
      return () => {
        for (const frozen of pids) {
          process.kill(frozen, "SIGCONT");
        }
      };
    },
    query: async (sql) => {
      const client = await connect();
      try {
        return (await client.query(sql)).rows;
      } finally {
        await client.end();
      }
    },
    hold: async (sql) => {
      const client = await connect();
      await client.query(`BEGIN; ${sql}`);
      return () => client.end();
    },
    close: async () => {
      process.off("exit", killAtExit);
      await end("SIGQUIT");
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function idOf(flag: "-u" | "-g"): number {
  return Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
}

function giveToOwner(path: string): void {
  if (owner) {
    chownSync(path, owner.uid, owner.gid);
  }
}

function write(folder: string, name: string, text: string): void {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, 0o600);
  giveToOwner(path);
}

function findPrograms(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian)
    ? readdirSync(debian).sort((a, b) => Number(b) - Number(a))
    : [];
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter),
    ...versions.map((version) => join(debian, version, "bin")),
  ];
  return folders.find((folder) => existsSync(join(folder, "initdb")));
}

function program(name: string): string {
  return join(programs ?? "", name);
}

async function untilReady(child: ChildProcess): Promise<void> {
  let said = "";
  const ready = Promise.withResolvers<void>();
  child.stderr?.on("data", (text: Buffer) => {
    said = `${said}${text}`.slice(-10_000);
    if (said.includes("ready to accept connections")) {
      ready.resolve();
    }
  });
  child.once("exit", (code) => {
    ready.reject(new Error(`Postgres did not start (exit code ${code}). Its output:\n${said}`));
  });
  await ready.promise;
}
