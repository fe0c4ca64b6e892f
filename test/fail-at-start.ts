/**
 * Preloaded (`--import`) by every thread and process of a program: those that run tasks append a character to the
 * file `starts`, and fail while the file `fail` exists. The query of the URL has both names.
 */
import { appendFileSync, existsSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const query = new URL(import.meta.url).searchParams;
if (!isMainThread || process.argv[1]?.endsWith("child-process-worker.ts")) {
  appendFileSync(query.get("starts") ?? "", ".");
  if (existsSync(query.get("fail") ?? "")) {
    throw new Error("can't start");
  }
}
