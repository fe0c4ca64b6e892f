/** Does all that the others do, in its right place. */
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

async function serveAll(): Promise<void> {
  // One thread, made before anybody calls: to make one holds the event loop for a moment.
  const worker = new Worker(import.meta.filename);
  await once(worker, "online");
  await serve({
    "/hash": async () => {
      const answer = once(worker, "message");
      worker.postMessage("hash");
      return (await answer)[0];
    },
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
  parentPort?.on("message", () => parentPort?.postMessage(hashChain()));
}
