/** Computes in more threads than the machine has cores. */
import { hash } from "node:crypto";
import { availableParallelism } from "node:os";
import { isMainThread, Worker } from "node:worker_threads";
import { serve } from "./serve.ts";

function compute(): void {
  let value = "data";
  for (;;) {
    value = hash("sha256", value); // computes
  }
}

function crowd(): number {
  const count = 4 * availableParallelism();
  for (let index = 0; index < count; index++) {
    new Worker(import.meta.filename).unref();
  }
  return count;
}

if (isMainThread) {
  await serve({ "/crowd": crowd });
} else {
  compute();
}
