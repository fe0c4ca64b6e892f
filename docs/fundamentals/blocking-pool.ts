import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread } from "node:worker_threads";
import { Piscina } from "piscina";

interface Query {
  readonly file: string;
  /** Number of queries that have begun, in memory that all threads share. */
  readonly begun: Int32Array;
}

/** Blocks its thread in the driver while the database is locked. */
export default function countUsers({ file, begun }: Query): unknown {
  using database = new DatabaseSync(file, { timeout: 10_000 });
  Atomics.add(begun, 0, 1);
  return database.prepare("SELECT count(*) AS users FROM users").get()?.users;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "blocking-pool-"));
  const file = join(folder, "users.db");
  const database = new DatabaseSync(file);
  database.exec("CREATE TABLE users (id INTEGER); INSERT INTO users VALUES (1), (2), (3)");
  const pool = new Piscina({ filename: import.meta.url, minThreads: 8, maxThreads: 8 });
  const query: Query = { file, begun: new Int32Array(new SharedArrayBuffer(4)) };

  database.exec("BEGIN EXCLUSIVE");
  const results = Array.from({ length: 12 }, () => pool.run(query));
  while (Atomics.load(query.begun, 0) < 8) await sleep(5);
  const cpuBefore = process.cpuUsage();
  await sleep(300);
  const { user, system } = process.cpuUsage(cpuBefore);
  console.log(`${query.begun[0]} queries block at once, ${pool.queueSize} wait for a thread`);
  const cpuMs = (user + system) / 1_000;
  console.log(`8 threads that wait 300 ms take ${cpuMs < 100 ? "hardly any" : "much"} CPU`);
  console.log(`here: ${cpuMs.toFixed(1)} ms`);
  database.exec("COMMIT");
  console.log(`results: ${(await Promise.all(results)).join(" ")}`);

  await pool.close();
  database.close();
  rmSync(folder, { recursive: true });
}

if (isMainThread) await main();
