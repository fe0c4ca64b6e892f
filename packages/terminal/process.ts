/** Signals within this time count as one: with npm, a terminal's Ctrl-C arrives twice. */
const sameSignalMs = 1_000;
/**
 * Time after the notice when the process exits anyway; many supervisors kill 10 s after the signal.
 */
export const giveUpMs = 9_800;

/** Prints an error and exits with 1: the command could not run. */
export function fail(problem: unknown): never {
  const message = problem instanceof Error ? problem.message : String(problem);
  process.stderr.write(`error: ${message}\n`);
  process.exit(1);
}

/**
 * Starts a server or a worker, closes it at the first SIGINT or SIGTERM and exits with 0 when it
 * has closed; a second signal exits at once. A signal during the start closes it after the start.
 *
 * @param noticeMs time that it continues to serve after a signal, in milliseconds
 */
export async function startUntilSignal<Started extends { close(): Promise<void> }>(
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
  // Registered before the start creates files and processes that need cleaning up.
  start().then(resolve, reject);
  return started;
}

/**
 * Exits even if a thread can't be stopped, for which process.exit() would wait forever: a thread
 * blocked in the kernel, or in an optimised loop that V8 can't interrupt.
 */
function exitWithoutThreads(): never {
  // After all other exit listeners, which remove files and end processes.
  process.on("exit", () => process.kill(process.pid, "SIGKILL"));
  process.exit(1);
}

/**
 * Names of the variables that every program may need: paths, language, time zone, and settings of
 * Node, libuv and OpenTelemetry. Variables with passwords and tokens do not match.
 */
const needed =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TEMP|TMP|LANG|LANGUAGE|LC_\w+|TZ|TERM|NO_COLOR|FORCE_COLOR|CI|LD_LIBRARY_PATH|NODE_(?!AUTH)\w+|UV_\w+|SSL_CERT_(FILE|DIR)|OTEL_(?!\w*(HEADERS|KEY))\w+|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|USERPROFILE|APPDATA|LOCALAPPDATA)$/i;

/**
 * Returns the environment for a child process. It contains only what is needed, because everything
 * in it can be read in /proc/<pid>/environ, passwords too.
 *
 * @param alsoNeeded names of further variables to copy
 */
export function childEnvironment(alsoNeeded: readonly string[] = []): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => needed.test(name) || alsoNeeded.includes(name)),
  );
}
