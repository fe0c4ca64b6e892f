/**
 * Loaded first (`--import`) by every thread and process of a program: those that are there to run tasks
 * leave a mark in the file STARTS, and fail while there is a file FAIL.
 */
import { appendFileSync, existsSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const { STARTS = "", FAIL = "" } = process.env;
if (!isMainThread || process.argv[1]?.endsWith("child-process-worker.ts")) {
  appendFileSync(STARTS, ".");
  if (existsSync(FAIL)) {
    throw new Error("can't start");
  }
}
