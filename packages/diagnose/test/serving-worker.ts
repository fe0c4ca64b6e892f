/** Serves in a worker thread, and blocks its event loop. */
import { execSync } from "node:child_process";
import { hash } from "node:crypto";
import { isMainThread, Worker } from "node:worker_threads";
import { serve } from "./serve.ts";

function hashChain(): string {
  let value = "data";
  for (let round = 0; round < 400_000; round++) {
    value = hash("sha256", value); // blocks: hashChain
  }
  return value;
}

function runProgram(): string {
  return execSync("sleep 0.3").toString(); // blocks: runProgram
}

if (isMainThread) {
  new Worker(import.meta.filename);
} else {
  await serve({ "/hash": hashChain, "/program": runProgram });
}
