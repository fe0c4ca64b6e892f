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
import { fieldOf } from "@unblock/exercises/check-plan";
import { WorldLog, type WorldMessage, type WorldRequest } from "./log.ts";

const skies = ["sunny", "cloudy", "rainy", "foggy", "windy", "snowy", "stormy"];
const coldest = -40;
const span = 83;

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
    const { mood, requests, forget } = restart;
    log.restart(mood);
    mark = restart.mark;
    changeUsers(requests.map((request) => Number(fieldOf(request, "user_id"))));
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
  const number = log.nextNumber();
  const asked = askedOf(name, url, number);
  if (asked === undefined) {
    sendJson(response, 404, { error: `no service "${name}"` });
    return;
  }
  const { mood } = log;
  const { ms, what, value, isAffected } = asked;
  const onEnd = log.ask(name, what, value);
  response.on("close", () => onEnd(response.writableFinished ? "answered" : "cancelled"));
  if (mood === "failing" && isAffected) {
    await setTimeout(5);
    sendJson(response, 503, { error: "try again later" });
    return;
  }
  await setTimeout(log.delayMs(ms, number));
  if (response.destroyed) {
    return;
  }
  if (name === "images") {
    const png = encodePng(pictureFor(what));
    send(response, 200, "image/png", mood === "empty" ? "" : png);
    return;
  }
  sendJson(response, 200, mood === "empty" && isAffected ? {} : value);
}

/**
 * What a request asks of a service: the response, its time, and whether the service fails when the backends
 * do; undefined for a service that does not exist.
 *
 * @param number of the request, so that each gets another value
 */
function askedOf(name: string, { pathname, searchParams }: URL, number: number) {
  if (name === "weather") {
    const city = searchParams.get("city");
    const temperature = coldest + ((number * 17) % span);
    const value = { city, temperature, conditions: skies[number % skies.length] };
    return { ms: 200, what: city ?? "", value, isAffected: true };
  }
  if (/^service-[1-5]$/.test(name)) {
    const value = { data: `data_${name.at(-1)} no. ${number}` };
    return { ms: 100, what: "", value, isAffected: name === "service-3" };
  }
  return name === "images"
    ? { ms: 100, what: pathname.slice("/images".length), value: undefined, isAffected: true }
    : undefined;
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, "application/json", JSON.stringify(value));
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
