import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../errors.ts";

/**
 * How long a run waits for the one before, in milliseconds. Who ends a run and begins another is not refused
 * because the end was heard of, or took effect, a moment later.
 */
const patienceMs = 1_000;

/**
 * Lets one run be fired at a time: two would measure each other. Another is told so after a moment, and
 * waits no longer: the one that is fired may take minutes, and a person who is told can end it.
 */
export class OneAtATime {
  #running: { readonly what: string; readonly ended: Promise<void> } | undefined;

  /**
   * @param what goes on, such as "a race of A"
   * @param signal its abort ends the wait
   * @returns to be called when the run has ended
   * @throws Failure "overloaded" while another run is fired
   */
  async begin(what: string, signal: AbortSignal): Promise<() => void> {
    const late = sleep(patienceMs, true, { signal, ref: false });
    // Who waits no more does not want to hear of it.
    late.catch(() => {});
    for (let other = this.#running; other !== undefined; other = this.#running) {
      if (await Promise.race([other.ended.then(() => false), late])) {
        throw new Failure("UNBLOCK_RUN_IN_PROGRESS", { other: other.what });
      }
    }
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    this.#running = { what, ended };
    return () => {
      this.#running = undefined;
      resolve();
    };
  }
}
