/** Does what the other apps do, each in the right executor. */
import { hash, pbkdf2 } from "node:crypto";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { serve } from "./serve.ts";

const derive = promisify(pbkdf2);

function hashChain(): string {
  let value = "data";
  for (let round = 0; round < 400_000; round++) {
    value = hash("sha256", value);
  }
  return value;
}

function wait(): string {
  return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
}

async function serveAll(): Promise<void> {
  // Threads are started before the first call, as starting one holds the event loop for a moment.
  const computing = new Worker(import.meta.filename);
  const waiting = new Worker(import.meta.filename);
  await Promise.all([once(computing, "online"), once(waiting, "online")]);
  const ask = async (worker: Worker, work: string) => {
    const response = once(worker, "message");
    worker.postMessage(work);
    return (await response)[0];
  };
  await serve({
    "/hash": () => ask(computing, "hash"),
    "/wait": () => ask(waiting, "wait"),
    "/key": () => derive("password", "salt", 100_000, 32, "sha512"),
    "/file": () => readFile(import.meta.filename, "utf8"),
    "/sleep": () => sleep(300, "slept"),
    "/lookup": () => Promise.all(Array.from({ length: 20 }, () => lookup("localhost"))),
    "/rejected": () => Promise.reject(new Error("handled")).catch(String),
  });
}

if (isMainThread) {
  await serveAll();
} else {
  parentPort?.on("message", (work) =>
    parentPort?.postMessage(work === "hash" ? hashChain() : wait()),
  );
}
