/** A cluster of two processes, of which one blocks. */
import cluster from "node:cluster";
import { serve } from "./serve.ts";

const cell = new Int32Array(new SharedArrayBuffer(4));

if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork({ IDLE: "yes" });
} else if (process.env.IDLE === undefined) {
  await serve({
    "/block": () => Atomics.wait(cell, 0, 0, 300), // blocks: worker
  });
}
