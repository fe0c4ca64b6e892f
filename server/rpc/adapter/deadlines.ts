import type { UnaryCall } from "./unary-call.ts";

/** How often it is looked whose deadline is near, in milliseconds. */
const lookMs = 50;
/** A deadline this near gets a timer, in milliseconds: it will not be looked for in time again. */
export const nearMs = 2 * lookMs;

/**
 * Sees to it that calls end at their deadlines. Most are over long before, so that a timer for each
 * would be made and thrown away: a call gets one when its deadline is near.
 */
export class Deadlines {
  readonly #calls: readonly UnaryCall[];
  #timer: NodeJS.Timeout | undefined;

  /** @param calls those in progress, as they change */
  constructor(calls: readonly UnaryCall[]) {
    this.#calls = calls;
  }

  /** To be told of each call that has a deadline. */
  watch(call: UnaryCall): void {
    call.setTimerWhenNear(performance.now());
    this.#timer ??= setInterval(() => this.#look(), lookMs).unref();
  }

  #look(): void {
    if (this.#calls.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    const nowMs = performance.now();
    for (const call of this.#calls) {
      call.setTimerWhenNear(nowMs);
    }
  }
}
