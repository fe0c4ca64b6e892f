/** A call that ends with its deadline at the latest. */
export interface Expiring {
  expiryMs: number;
  previous: Expiring | undefined;
  next: Expiring | undefined;
  expire(timeoutMs: number): void;
}

/** Maximum delay of setTimeout, which would fire at once for a longer one. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Calls in progress that have the same timeout, in the order of their starts, which is that of their
 * deadlines: one timer serves them all.
 */
export class DeadlineQueue {
  readonly #timeoutMs: number;
  #first: Expiring | undefined;
  #last: Expiring | undefined;
  #hasTimer = false;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** @param startMs now, on this thread's `performance.now()` */
  add(call: Expiring, startMs: number): void {
    call.expiryMs = startMs + this.#timeoutMs;
    call.previous = this.#last;
    if (this.#last === undefined) {
      this.#first = call;
    } else {
      this.#last.next = call;
    }
    this.#last = call;
    if (!this.#hasTimer) {
      this.#startTimer(this.#timeoutMs);
    }
  }

  /** @param call in the queue, or never added to it */
  remove(call: Expiring): void {
    const { previous, next } = call;
    if (previous !== undefined) {
      previous.next = next;
    } else if (this.#first === call) {
      this.#first = next;
    }
    if (next !== undefined) {
      next.previous = previous;
    } else if (this.#last === call) {
      this.#last = previous;
    }
    call.previous = undefined;
    call.next = undefined;
  }

  #startTimer(ms: number): void {
    this.#hasTimer = true;
    // The connections, not the timer, keep the process alive.
    setTimeout(() => this.#expireDue(), Math.min(ms, maxTimerMs)).unref();
  }

  #expireDue(): void {
    const nowMs = performance.now();
    let call = this.#first;
    while (call !== undefined && call.expiryMs <= nowMs) {
      this.remove(call);
      call.expire(this.#timeoutMs);
      call = this.#first;
    }
    this.#hasTimer = call !== undefined;
    if (call !== undefined) {
      this.#startTimer(call.expiryMs - nowMs);
    }
  }
}

/** The deadlines of a driver's calls. */
export class Deadlines {
  readonly #queues = new Map<number, DeadlineQueue>();

  /** @returns undefined for no deadline */
  of(timeoutMs: number): DeadlineQueue | undefined {
    if (timeoutMs <= 0) {
      return undefined;
    }
    const known = this.#queues.get(timeoutMs);
    if (known !== undefined) {
      return known;
    }
    const queue = new DeadlineQueue(timeoutMs);
    this.#queues.set(timeoutMs, queue);
    return queue;
  }
}
