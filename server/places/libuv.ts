import { monotonicMs } from "../../registry/clock.ts";
import { Admission } from "./admission.ts";
import { runHere } from "./local.ts";
import type { LocalContext, Place, PlacesConfig } from "./place.ts";

/**
 * libuv's thread pool, where fs/promises, asynchronous crypto, zlib and dns.lookup run. One for the
 * whole process, sized once, when it is first used (`UV_THREADPOOL_SIZE`, 4 unless set).
 *
 * Tasks are admitted as many at a time as the pool has threads: what waits then waits in a queue
 * that can be seen, bounded and left, and libuv's own offers none of that.
 */
export function createLibuv({ libuvThreads, maxQueue }: PlacesConfig): Place<LocalContext> {
  const admission = new Admission("libuv", libuvThreads, maxQueue);
  const ranOn = { place: "libuv", pid: process.pid };
  return {
    name: "libuv",
    run: (task, input, signal) => {
      const submittedMs = monotonicMs();
      return admission.run(() => runHere(task, input, signal, submittedMs, ranOn), signal);
    },
    vitals: () => admission.vitals(),
    restartWindow: () => admission.restartWindow(),
    close: () => admission.idle(),
  };
}
