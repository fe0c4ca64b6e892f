/**
 * The backends of a check except analytics, in their own process, where neither a blocked nor a malicious
 * learner's service can change what they see. world.ts starts it.
 */
import { mkdirSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createDatabaseFile } from "@unblock/backends/database";
import { ordinaryPath } from "@unblock/backends/disk";
import { delayMs as cacheDelayMs, serveCache } from "@unblock/backends/embedded/cache-server";
import { CacheStore } from "@unblock/backends/embedded/cache-store";
import { hasMkfifo, readMs, serveSlowDisk } from "@unblock/backends/embedded/slow-disk";
import { configOf, plainKey, valueOfKey } from "@unblock/exercises/backend-values";
import { serveHttpServices } from "./http-services.ts";
import type { WorldMessage, WorldRequest } from "./log.ts";
import { WorldLog } from "./log.ts";

const [folder = "", firstMark = ""] = process.argv.slice(2);
let mark = firstMark;
const log = new WorldLog();
const forgotten = new Set<string>();
const maxQueriesMs = 5_000;

// The check decides when this process ends, not a terminal's Ctrl-C.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
const leave = () => {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  // exit() would wait for the threads that wait for readers.
  process.kill(process.pid, "SIGKILL");
};
process.on("disconnect", leave);
if (!process.connected) {
  leave();
}

process.on("message", ({ id, restart }: WorldRequest) => {
  const seen = log.seen();
  if (restart !== undefined) {
    const { mood, userIds, forget } = restart;
    log.restart(mood);
    mark = restart.mark;
    changeUsers(userIds);
    if (forget !== undefined) {
      forgotten.add(forget);
    }
  }
  say({ kind: "seen", id, seen });
});

const store = new CacheStore((key) =>
  forgotten.has(plainKey(key)) ? null : valueOfKey(mark, plainKey(key)),
);

function serveKeys(): Promise<number> {
  return serveCache(store, {
    connected: (socket) => socket.on("close", log.connect()),
    asked: (keys) => {
      const ends = keys.map((key) => log.ask("cache", plainKey(key), store.get(key)));
      return {
        delayMs: cacheDelayMs + (log.mood === "slow" ? log.delayMs(0, 0) : 0),
        failure: log.mood === "failing" ? "the cache is failing" : undefined,
        onEnd: (isAnswered) => {
          for (const end of ends) {
            end(isAnswered ? "answered" : "cancelled");
          }
        },
      };
    },
  });
}

async function serveDisk(diskFolder: string): Promise<boolean> {
  mkdirSync(diskFolder);
  if (!(await hasMkfifo())) {
    await writeFile(ordinaryPath(diskFolder), configOf(firstMark, 0));
    return false;
  }
  await serveSlowDisk(diskFolder, (number) => {
    const content =
      log.mood === "failing" || log.mood === "empty" ? "" : configOf(firstMark, number);
    const onEnd = log.ask("slow disk", String(number), content);
    return {
      content,
      delayMs: log.delayMs(readMs, log.nextNumber()),
      onEnd: (error) => onEnd(error === null ? "answered" : "cancelled"),
    };
  });
  return true;
}

const diskFolder = join(folder, "disk");
const databasePath = join(folder, "users.db");
const holdingsPath = join(folder, "holdings");
const [httpUrl, cachePort, fifos] = await Promise.all([
  serveHttpServices(log),
  serveKeys(),
  serveDisk(diskFolder),
]);
createDatabaseFile(databasePath, firstMark);
// Queries that have begun end first.
const database = new DatabaseSync(databasePath, { timeout: maxQueriesMs });
database.exec("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF");
say({
  kind: "ready",
  addresses: { httpUrl, cachePort, diskFolder, fifos, databasePath, holdingsPath },
});

function changeUsers(ids: readonly number[]): void {
  database
    .prepare(`
      UPDATE users SET name = 'User ' || id || :mark, email = 'user' || id || :mark || '@example.com'
      WHERE id IN (SELECT value FROM json_each(:ids))
    `)
    .run({ mark, ids: JSON.stringify(ids) });
}

function say(message: WorldMessage): void {
  process.send?.(message);
}
