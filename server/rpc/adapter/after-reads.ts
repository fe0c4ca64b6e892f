let waiting: (() => void)[] = [];

/**
 * Runs `run` once all that the sockets had to read in this turn of the event loop has been handed over.
 *
 * Node hands over each frame of an HTTP/2 connection by itself, so a request looks whole and wanted until the
 * reset that came with it in the same packet is handed over, too.
 *
 * @param run must not throw
 */
export function afterReads(run: () => void): void {
  // One immediate for all calls of a turn: one each would cost as much as a promise.
  if (waiting.push(run) === 1) {
    setImmediate(runAll);
  }
}

function runAll(): void {
  const runs = waiting;
  waiting = [];
  for (const run of runs) {
    run();
  }
}
