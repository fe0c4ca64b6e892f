import { createLocalPlace } from "./local.ts";
import type { LocalContext, Place, PlacesConfig } from "./place.ts";

/**
 * libuv's thread pool, where fs/promises, asynchronous crypto, zlib and dns.lookup run. One for the
 * whole process, sized once, when it is first used (`UV_THREADPOOL_SIZE`, 4 unless set). Its threads
 * have no numbers.
 *
 * Tasks are admitted as many at a time as the pool has threads: what waits then waits in a queue
 * that can be seen, bounded and left, and libuv's own offers none of that.
 */
export function createLibuv({ libuvThreads, maxQueue }: PlacesConfig): Place<LocalContext> {
  return createLocalPlace("libuv", libuvThreads, maxQueue, {});
}
