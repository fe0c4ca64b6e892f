/** Preloaded (`--import`) by every process of a server: replicas fail to start while the file $FAIL exists. */
import cluster from "node:cluster";
import { existsSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

if (cluster.isWorker && isMainThread && existsSync(process.env.FAIL ?? "")) {
  process.stderr.write("told to fail\n");
  process.exit(7);
}
