/**
 * The backends of a check except analytics, in their own process, where neither a blocked nor a malicious
 * learner's service can change what they see. world.ts starts it.
 */
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { createDatabaseFile } from "@unblock/backends/database";
import { ordinaryPath } from "@unblock/backends/disk";
import { delayMs as cacheDelayMs, serveCache } from "@unblock/backends/embedded/cache-server";
import { CacheStore } from "@unblock/backends/embedded/cache-store";
import { encodePng, pictureFor } from "@unblock/backends/embedded/pictures/pictures";
import { hasMkfifo, readMs, serveSlowDisk } from "@unblock/backends/embedded/slow-disk";
import { configOf, plainKey, valueOfKey } from "@unblock/exercises/backend-values";
import { WorldLog, type WorldMessage, type WorldRequest } from "./log.ts";

interface Service {
  readonly name: RegExp;
  readonly delayMs: number;
  /** Whether the service of a name fails when the backends do. */
  readonly fails: (name: string) => boolean;
  readonly what: (url: URL) => string;
  /** @param number of the request */
  readonly value: (url: URL, number: number) => unknown;
}

const skies = ["sunny", "cloudy", "rainy", "foggy", "windy", "snowy", "stormy"];
const coldest = -40;
const span = 83;

const services: readonly Service[] = [
  {
    name: /^weather$/,
    delayMs: 200,
    fails: () => true,
    what: ({ searchParams }) => searchParams.get("city") ?? "",
    value: ({ searchParams }, number) => ({
      city: searchParams.get("city"),
      // Differs from the previous ones.
      temperature: coldest + ((number * 17) % span),
      conditions: skies[number % skies.length],
    }),
  },
  {
    name: /^service-[1-5]$/,
    delayMs: 100,
    fails: (name) => name === "service-3",
    what: () => "",
    value: ({ pathname }, number) => ({ data: `data_${pathname.at(-1)} no. ${number}` }),
  },
  {
    name: /^images$/,
    delayMs: 100,
    fails: () => true,
    what: ({ pathname }) => pathname.slice("/images".length),
    value: () => undefined,
  },
];

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
  serveHttp(),
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

/** Serves weather, service-1 to service-5 and images, each under its name. @returns the base URL */
async function serveHttp(): Promise<string> {
  const server = createServer((request, response) => {
    // A client that disconnects is no failure of the service.
    request.on("error", () => {});
    request.resume();
    serve(request, response).catch((error: Error) => response.destroy(error));
  });
  // Longer than a check takes: a client that opens a connection per call does so on its own.
  server.keepAliveTimeout = 120_000;
  server.on("connection", (socket) => {
    socket.on("close", log.connect());
    socket.on("error", () => socket.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  const [, name = ""] = url.pathname.split("/", 2);
  const service = services.find((candidate) => candidate.name.test(name));
  if (service === undefined) {
    send(response, 404, "application/json", JSON.stringify({ error: `no service "${name}"` }));
    return;
  }
  const { mood } = log;
  const number = log.nextNumber();
  const value = service.value(url, number);
  const onEnd = log.ask(name, service.what(url), value);
  response.on("close", () => onEnd(response.writableFinished ? "answered" : "cancelled"));
  const isAffected = service.fails(name);
  if (mood === "failing" && isAffected) {
    await setTimeout(5);
    send(response, 503, "application/json", JSON.stringify({ error: "try again later" }));
    return;
  }
  await setTimeout(log.delayMs(service.delayMs, number));
  if (response.destroyed) {
    return;
  }
  if (name === "images") {
    const png = encodePng(pictureFor(service.what(url)));
    send(response, 200, "image/png", mood === "empty" ? "" : png);
    return;
  }
  send(
    response,
    200,
    "application/json",
    JSON.stringify(mood === "empty" && isAffected ? {} : value),
  );
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

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
