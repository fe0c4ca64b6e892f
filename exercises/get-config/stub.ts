// D. Every call reads a configuration file from a disk that takes 30 ms; the read blocks the thread
// that makes it. Ten callers ask at once. Their reads should overlap, without slowing anyone else
// down, and a caller who has disconnected should get no response.
//
// At hand: configPath, parseConfig of toolbox/config; node:fs, node:fs/promises; toolbox/pools.
// `signal` aborts when nobody waits any more: the caller has disconnected, or its deadline has passed.
// Check it: npm run check -- D
import { readFileSync } from "node:fs";
import { configPath, parseConfig } from "@unblock/learn/toolbox/config";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

/** One of: blocking-pool, event-loop, libuv. */
export const decision: Decision = { strategy: "", why: "" };

/** Threads in libuv's pool (UV_THREADPOOL_SIZE). Node's own number: 4. */
export const libuvThreads = 4;

export const handler: Handler<"getConfig"> = async (_, signal) => {
  return parseConfig(readFileSync(configPath(), "utf8"));
};
