import { Failure } from "../errors.ts";

/**
 * Lets one run be fired at a time: two would measure each other. Another is told so at once, and does not
 * wait: the one that is fired may take minutes, and a person who is told can end it.
 */
export class OneAtATime {
  #running:
    | { readonly what: string; readonly signal: AbortSignal; readonly ended: Promise<void> }
    | undefined;

  /**
   * @param what goes on, such as "a race of A"
   * @param signal its abort says that the run is about to end: then another waits for that moment
   * @returns to be called when the run has ended
   * @throws Failure "overloaded" while another run is fired
   */
  async begin(what: string, signal: AbortSignal): Promise<() => void> {
    while (this.#running !== undefined) {
      if (!this.#running.signal.aborted) {
        throw new Failure(
          "overloaded",
          `Another run is in progress (${this.#running.what}), and two would measure each other. ` +
            "Try again when it has ended.",
        );
      }
      await this.#running.ended;
    }
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    this.#running = { what, signal, ended };
    return () => {
      this.#running = undefined;
      resolve();
    };
  }
}
