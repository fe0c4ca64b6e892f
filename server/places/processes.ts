import { monotonicMs } from "../../registry/clock.ts";
import { Admission } from "./admission.ts";
import { ChildProcess } from "./child-process.ts";
import type { Place, PlacesConfig } from "./place.ts";
import { fromOutcome } from "./remote.ts";
import { closeMs } from "./task-limits.ts";

/**
 * Long-lived child processes, one task at a time each. They share nothing with the server: a crash
 * costs one task, and each has a libuv pool of its own.
 */
export function createProcesses({ processes, maxQueue, log }: PlacesConfig): Place {
  const admission = new Admission("processes", processes, maxQueue);
  const idle = Array.from({ length: processes }, () => new ChildProcess(log));
  const all = [...idle];

  return {
    name: "processes",
    run: (task, input, signal) => {
      const submittedMs = monotonicMs();
      return admission.run(async () => {
        const child = takeIdle(idle);
        try {
          const outcome = await child.run(task, input, signal);
          admission.addCpu(outcome.cpuMs);
          return fromOutcome(outcome, submittedMs);
        } finally {
          idle.push(child);
        }
      }, signal);
    },
    vitals: (slot) => admission.vitals(slot),
    restartWindow: (slot) => admission.restartWindow(slot),
    close: async () => {
      await admission.idle(closeMs);
      await Promise.all(all.map((child) => child.close()));
    },
  };
}

/** One that is ready if there is one: where a process does not start, others may. */
function takeIdle(idle: ChildProcess[]): ChildProcess {
  const ready = idle.findLastIndex(({ isReady }) => isReady);
  const [child] = idle.splice(Math.max(ready, 0), 1);
  if (child === undefined) {
    throw new Error("Expected an idle process for every admitted task, found none");
  }
  return child;
}
