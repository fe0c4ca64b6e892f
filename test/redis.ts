import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { vi } from "vitest";
import type { Certificates } from "./certificates.ts";
import { freePort } from "./listen.ts";
import { hasProgram } from "./programs.ts";

export interface RedisOptions {
  /** By default none is required. */
  readonly password?: string;
  /** With these it accepts TLS only. */
  readonly certificates?: Certificates;
  /** Whether it writes a file and evicts nothing, as the job queue requires. Default: true. */
  readonly durable?: boolean;
  /** When writes to its file are flushed to the disk. Default: every second, as in Redis. */
  readonly fsync?: "always" | "everysec";
  /** Primary of which it is a read-only replica. */
  readonly replicaOf?: TestRedis;
}

/** A Redis of a test's own, on a free port, in a temporary folder. */
export interface TestRedis {
  /** With the password. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Shuts it down; its data is kept for the next start. */
  stop(): Promise<void>;
  /** Kills it without time to write anything. */
  kill(): Promise<void>;
  /** Marks the current content of its disk. */
  mark(): void;
  /** Kills it and restores its disk to the mark, as after a power failure of its machine. */
  killMachine(): Promise<void>;
  start(): Promise<void>;
  /** Sends a command over a connection of its own. */
  command(...args: readonly string[]): Promise<unknown>;
  close(): Promise<void>;
}

/** Whether Redis is installed. Throws in CI if it is not. */
export function hasRedis(): boolean {
  return hasProgram("redis-server");
}

export async function startRedis(options: RedisOptions = {}): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), "unblock-redis-"));
  const port = await freePort();
  const { password, certificates, durable = true, fsync = "everysec", replicaOf } = options;
  const login = password === undefined ? "" : `:${encodeURIComponent(password)}@`;
  const url = `${certificates ? "rediss" : "redis"}://${login}127.0.0.1:${port}`;
  if (certificates) {
    writeFileSync(join(folder, "ca.pem"), certificates.ca.cert);
    writeFileSync(join(folder, "cert.pem"), certificates.server.cert);
    writeFileSync(join(folder, "key.pem"), certificates.server.key);
  }
  const settings = [
    ["dir", folder],
    ["bind", "127.0.0.1"],
    ["save", '""'],
    ["appendonly", durable ? "yes" : "no"],
    ["appendfsync", fsync],
    ["maxmemory-policy", durable ? "noeviction" : "allkeys-lru"],
    ["port", certificates ? "0" : String(port)],
    ...(password === undefined ? [] : [["requirepass", password]]),
    ...(replicaOf === undefined ? [] : [["replicaof", `127.0.0.1 ${replicaOf.port}`]]),
    ...(certificates
      ? [
          ["tls-port", String(port)],
          ["tls-ca-cert-file", join(folder, "ca.pem")],
          ["tls-cert-file", join(folder, "cert.pem")],
          ["tls-key-file", join(folder, "key.pem")],
          ["tls-auth-clients", "no"],
        ]
      : []),
  ];
  const settingsFile = join(folder, "redis.conf");
  writeFileSync(settingsFile, `${settings.map((setting) => setting.join(" ")).join("\n")}\n`);

  const disk = join(folder, "appendonlydir");
  const marked = join(folder, "marked");
  let child: ChildProcess | undefined;
  const connect = async () => {
    const client = createClient({
      url,
      RESP: 2,
      socket: {
        reconnectStrategy: false,
        ...(certificates ? { tls: true, ca: certificates.ca.cert } : {}),
      },
    });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  const command = async (...args: readonly string[]): Promise<unknown> => {
    const client = await connect();
    try {
      return await client.sendCommand([...args]);
    } finally {
      client.destroy();
    }
  };
  const start = async () => {
    const started = spawn("redis-server", [settingsFile], { stdio: "ignore" });
    child = started;
    const exited = once(started, "exit").then(() => {
      throw new Error(`Redis ended at its start, with ${settings.flat().join(" ")}`);
    });
    exited.catch(() => {});
    // Until it has read its file, Redis refuses connections, or responds that it is loading.
    const isReady = vi.waitFor(() => command("PING"), { timeout: 20_000, interval: 20 });
    await Promise.race([isReady, exited]);
  };
  const end = async (signal: NodeJS.Signals) => {
    const ending = child;
    child = undefined;
    if (ending && ending.exitCode === null && ending.signalCode === null) {
      const exited = once(ending, "exit");
      ending.kill(signal);
      await exited;
    }
  };
  await start();
  return {
    url,
    port,
    get pid() {
      return child?.pid ?? 0;
    },
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    mark: () => cpSync(disk, marked, { recursive: true }),
    killMachine: async () => {
      await end("SIGKILL");
      rmSync(disk, { recursive: true });
      renameSync(marked, disk);
    },
    start,
    command,
    close: async () => {
      await end("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
