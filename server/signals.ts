import type { UnblockServer } from "./server.ts";

/** Signals within this time of the first are the same one: a terminal's Ctrl-C arrives twice by npm. */
const sameSignalMs = 1_000;
/** Whatever hangs then is left, in milliseconds. */
const giveUpMs = 9_800;

/**
 * Closes the server at the first SIGINT or SIGTERM and exits with 0 when everything has ended; a
 * second signal exits at once.
 */
export function closeOnSignal(server: UnblockServer): void {
  let firstMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    const nowMs = performance.now();
    if (firstMs !== undefined) {
      if (nowMs - firstMs > sameSignalMs) {
        process.stderr.write(`${signal} again: exiting at once; what was in progress is lost.\n`);
        process.exit(1);
      }
      return;
    }
    firstMs = nowMs;
    process.stderr.write(`${signal}: finishing what is in progress.\n`);
    setTimeout(() => {
      process.stderr.write("Something did not end in time; exiting without it.\n");
      process.exit(1);
    }, giveUpMs).unref();
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`Closing failed: ${error instanceof Error ? error.stack : error}\n`);
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
}
