/**
 * Loaded first (`--import`) by every thread and process of a program: those that are there to run tasks
 * leave a mark in the file `starts`, and fail while there is a file `fail`, both given in its URL's query.
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
