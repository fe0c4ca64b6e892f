// D. Every call reads a configuration file from a disk that takes 30 ms: to open and to read it
// blocks the thread that does it. Ten callers ask at once. Their reads shall overlap, nobody else
// shall notice, and a caller who has gone shall get no answer any more.
//
// At hand: configPath, parseConfig of ../toolbox/config.ts; node:fs, node:fs/promises; ../pools.ts.
// Check it: npm run check -- D
import { readFileSync } from "node:fs";
import type { Decision, Handler } from "../handler.ts";
import { configPath, parseConfig } from "../toolbox/config.ts";

/** One of: event-loop, libuv, threads. */
export const decision: Decision = { strategy: "", why: "" };

/** The service starts with as many threads in libuv's pool (UV_THREADPOOL_SIZE). Node's own: 4. */
export const libuvThreads = 4;

export const handler: Handler<"getConfig"> = async () => {
  return parseConfig(readFileSync(configPath(), "utf8"));
};
