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
