import type { Admission, Slot } from "./admission.ts";
import { exitWithout } from "./exit-without.ts";
import { lostTask } from "./lost-task.ts";

export interface StuckPlace {
  readonly name: string;
  readonly admission: Admission;
  /** What of the place goes on, for messages. */
  readonly kind: "task" | "thread" | "process";
  readonly log: (message: string) => void;
}

/** Reports a task of the server's own process or of a child that goes on although it was told to end. */
export function reportStuck(
  { name, admission, kind, log }: StuckPlace,
  slot: Slot,
  task: string,
  what: string,
): void {
  const failure = lostTask(name, task, what);
  slot.stick(failure);
  if (kind !== "process") {
    exitWithout(admission);
  }
  log(`${failure.message} Tasks of "${name}" that are stuck now: ${admission.vitals().stuck}.`);
}

/** Reports that it has ended after all. */
export function reportUnstuck({ name, kind, log }: StuckPlace): void {
  log(`A ${kind} of the place "${name}" that was stuck has ended.`);
}
