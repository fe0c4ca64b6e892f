import { monotonicMs } from "../../registry/clock.ts";
import { Admission } from "./admission.ts";
import { exitWithout } from "./exit-without.ts";
import { runHere } from "./local.ts";
import type { LocalContext, Place, PlacesConfig, RanOn } from "./place.ts";
import { reportStuck, reportUnstuck, type StuckPlace } from "./stuck-task.ts";
import { closeMs, stuckMs } from "./task-limits.ts";

const name = "libuv";

/**
 * libuv's thread pool, where fs/promises, asynchronous crypto, zlib and dns.lookup run. One for the
 * whole process, sized once, when it is first used (`UV_THREADPOOL_SIZE`, 4 unless set). Its threads
 * have no numbers.
 *
 * Tasks are admitted fewer at a time than the pool has threads: what waits then waits in a queue
 * that can be seen, bounded and left, and libuv's own offers none of that. And when a disk hangs, and with
 * it every task, the server still has threads for its own compression, files and name lookups.
 *
 * No thread of the pool can be ended. A task that goes on when nobody waits for it keeps its slot, counts
 * as stuck, and is not replaced.
 */
export function createLibuv({ libuvThreads, maxQueue, log }: PlacesConfig): Place<LocalContext> {
  const admission = new Admission(name, tasksOf(libuvThreads), maxQueue);
  const ranOn: RanOn = { place: name, pid: process.pid };
  const place: StuckPlace = { name, admission, kind: "task", log };
  return {
    name,
    run: (task, input, call) => {
      const { signal } = call;
      const submittedMs = monotonicMs();
      return admission.run(async (slot) => {
        let isStuck = false;
        let timer: NodeJS.Timeout | undefined;
        const stick = () => {
          isStuck = true;
          const what = `it went on for ${stuckMs} ms when nobody wanted it any more`;
          reportStuck(place, slot, task.name, what);
        };
        const giveUp = () => {
          timer = setTimeout(stick, stuckMs);
        };
        signal.addEventListener("abort", giveUp, { once: true });
        try {
          return await runHere(task, input, signal, submittedMs, ranOn);
        } finally {
          signal.removeEventListener("abort", giveUp);
          clearTimeout(timer);
          if (isStuck) {
            reportUnstuck(place);
          }
        }
      }, call);
    },
    vitals: (slot) => admission.vitals(slot),
    restartWindow: (slot) => admission.restartWindow(slot),
    close: async () => {
      await admission.idle(closeMs);
      if (admission.vitals().running > 0) {
        exitWithout(admission);
      }
    },
  };
}

/** One thread in eight is kept free of tasks, and at least one, where there is more than one. */
function tasksOf(libuvThreads: number): number {
  return Math.max(1, libuvThreads - Math.max(1, Math.floor(libuvThreads / 8)));
}
