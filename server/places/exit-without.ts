import type { Admission } from "./admission.ts";

/**
 * Lets the process end although tasks of a place do not. When it exits Node waits for all threads, those of
 * libuv's pool included, and one that is blocked in the kernel keeps it waiting for ever. So if such a task
 * still runs at the exit, after all others that hear of the exit, the process ends itself with SIGKILL.
 */
export function exitWithout(admission: Admission): void {
  if (!awaited.has(admission)) {
    awaited.add(admission);
    process.once("exit", () => {
      if (admission.vitals().running > 0) {
        process.kill(process.pid, "SIGKILL");
      }
    });
  }
}

const awaited = new WeakSet<Admission>();
