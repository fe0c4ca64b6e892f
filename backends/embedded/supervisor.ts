/**
 * Thread that supervises the backend process: starts it, restarts it when it dies, and frees
 * threads that are blocked on its files. It is a thread because the blocked one may be the server's
 * main thread.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import type { RedisEndpoint } from "@unblock/executors/queue/redis-url";
import { childEnvironment } from "@unblock/terminal/process";
import type { Disk } from "../disk.ts";
import type { BackendsReady, CountsReply, CountsRequest } from "./process.ts";
import { freeReaders, readyFifos } from "./slow-disk.ts";

export interface SupervisorData {
  /** The server's own folder for the database and the disks. */
  readonly folder: string;
  /** The real Redis used as the cache; undefined for the embedded one. */
  readonly redis: RedisEndpoint | undefined;
}

/** After "close" the backend process is killed and the supervisor ends. */
export type SupervisorRequest = CountsRequest | "close";

export interface BackendsUp extends BackendsReady {
  readonly kind: "up";
  readonly pid: number;
  readonly disk: Disk;
}

export type SupervisorMessage =
  | BackendsUp
  | { readonly kind: "down"; readonly reason: string }
  | ({ readonly kind: "counts" } & CountsReply);

const restartPauseMs = 250;

const { folder, redis }: SupervisorData = workerData;
let generation = 0;
let backends: ChildProcess | undefined;
let restart: NodeJS.Timeout | undefined;
let closing = false;

function say(message: SupervisorMessage): void {
  parentPort?.postMessage(message);
}

function start(): void {
  generation++;
  const diskFolder = join(folder, `disk-${generation}`);
  mkdirSync(diskFolder);
  const startedMs = Date.now();
  const args = [diskFolder, folder, ...(redis === undefined ? [] : [JSON.stringify(redis)])];
  const child = fork(new URL("./process.ts", import.meta.url), args, {
    execArgv: [],
    serialization: "advanced",
    env: { ...childEnvironment(), UV_THREADPOOL_SIZE: String(2 * readyFifos) },
  });
  backends = child;
  child.on("message", (message: BackendsReady | CountsReply) => {
    if ("httpPort" in message) {
      const buffer = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
      const nextNumber = message.fifos ? new Int32Array(buffer) : undefined;
      const disk = { folder: diskFolder, nextNumber };
      say({ kind: "up", pid: child.pid ?? 0, ...message, disk });
    } else {
      say({ kind: "counts", ...message });
    }
  });
  child.once("exit", (code, signal) => {
    freeReaders(diskFolder);
    if (closing) {
      parentPort?.close();
      return;
    }
    say({ kind: "down", reason: signal ?? `exit code ${code}` });
    backends = undefined;
    restart = setTimeout(start, Math.max(0, startedMs + restartPauseMs - Date.now()));
  });
}

parentPort?.on("message", (request: SupervisorRequest) => {
  if (request === "close") {
    closing = true;
    if (backends) {
      backends.kill("SIGKILL");
    } else {
      clearTimeout(restart);
      parentPort?.close();
    }
  } else if (backends) {
    // If sending fails, the process is dead, and "down" follows.
    backends.send(request, () => {});
  } else {
    say({ kind: "counts", id: request.id, counts: undefined });
  }
});

start();
