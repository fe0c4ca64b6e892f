/** Signals within this time of the first are the same one: a terminal's Ctrl-C arrives twice by npm. */
const sameSignalMs = 1_000;
/**
 * Whatever hangs then is left, in milliseconds after the end of the notice: those who sent the signal often
 * kill after 10 s.
 */
export const giveUpMs = 9_800;

/** What a signal ends. */
interface Closeable {
  close(): Promise<void>;
}

/**
 * Starts a server or a worker, closes it at the first SIGINT or SIGTERM and exits with 0 when everything has
 * ended; a second signal exits at once. One that is still starting is closed when it has started.
 *
 * @param noticeMs how long it serves on when it is told to close
 */
export async function startUntilSignal<Started extends Closeable>(
  start: () => Promise<Started>,
  noticeMs = 0,
): Promise<Started> {
  const { promise: started, resolve, reject } = Promise.withResolvers<Started>();
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
      exitWithoutThreads();
    }, noticeMs + giveUpMs).unref();
    started
      .then((it) => it.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`Closing failed: ${error instanceof Error ? error.stack : error}\n`);
          process.exit(1);
        },
      );
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  // From here on there are files and processes to clean up, so the signals are listened for first.
  start().then(resolve, reject);
  return started;
}

/**
 * Exits also when a thread can't be stopped, for which process.exit() waits for ever: one that is
 * blocked in the kernel, or in a loop that V8 compiled without a look at whether to go on.
 */
function exitWithoutThreads(): never {
  // After all others that hear of the exit, which remove files and end processes.
  process.on("exit", () => process.kill(process.pid, "SIGKILL"));
  process.exit(1);
}
