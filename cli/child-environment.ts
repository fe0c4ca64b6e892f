/**
 * Variables that a program needs to run at all: where things are, language and time zone, and how Node,
 * libuv and OpenTelemetry are set. Passwords and tokens have other names.
 */
const needed =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TEMP|TMP|LANG|LANGUAGE|LC_\w+|TZ|TERM|NO_COLOR|FORCE_COLOR|CI|LD_LIBRARY_PATH|NODE_(?!AUTH)\w+|UV_\w+|SSL_CERT_(FILE|DIR)|OTEL_(?!\w*(HEADERS|KEY))\w+|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|USERPROFILE|APPDATA|LOCALAPPDATA)$/i;

/**
 * The environment of a child process: what every program needs, and what is named. All of the parent's would
 * have its passwords in /proc/<pid>/environ of processes that have no use for them.
 *
 * @param alsoNeeded names of variables that the child is to have too, if the parent has them
 */
export function childEnvironment(alsoNeeded: readonly string[] = []): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => needed.test(name) || alsoNeeded.includes(name)),
  );
}
