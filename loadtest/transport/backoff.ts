const firstPauseMs = 100;
const longestPauseMs = 2_000;

/** How long to wait before the next attempt to reach a server that could not be reached. */
export class Backoff {
  #pauseMs = 0;

  /** The first attempt comes at once; then the pauses double. A little chance keeps many clients apart. */
  nextMs(): number {
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(longestPauseMs, Math.max(firstPauseMs, pauseMs * 2));
    return pauseMs * (0.8 + 0.4 * Math.random());
  }

  /** The server was reached. */
  reset(): void {
    this.#pauseMs = 0;
  }
}
