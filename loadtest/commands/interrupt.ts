/** Signals within this time of the first are the same one: a terminal's Ctrl-C arrives twice by npm. */
const sameSignalMs = 1_000;

/**
 * Lets a person end a load: the signal aborts at the first SIGINT or SIGTERM, so that what there is
 * can be reported. A second one ends the process.
 */
export function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  let firstMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    const nowMs = performance.now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      process.stderr.write(`\n${signal}: no more calls; reporting what there is.\n`);
      controller.abort();
    } else if (nowMs - firstMs > sameSignalMs) {
      process.stderr.write(`${signal} again: exiting without a report.\n`);
      process.exit(1);
    }
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return controller.signal;
}
