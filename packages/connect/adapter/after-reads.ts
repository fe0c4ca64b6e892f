let waiting: AfterReads[] = [];

export interface AfterReads {
  /** Must not throw. */
  afterReads(): void;
}

/**
 * Calls `afterReads` after all socket reads of this turn of the event loop have been processed.
 *
 * The frames of an HTTP/2 connection are processed one by one, so a request looks complete and wanted until the
 * reset that arrived in the same packet is processed.
 */
export function callAfterReads(waiter: AfterReads): void {
  // One immediate for all calls of a turn: one per call would cost as much as a promise.
  if (waiting.push(waiter) === 1) {
    setImmediate(callAll);
  }
}

function callAll(): void {
  const all = waiting;
  waiting = [];
  for (const waiter of all) {
    waiter.afterReads();
  }
}
