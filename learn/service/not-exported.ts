const beginning = "A function that your file does not export was handed to the pool";

/** The message for a function that another thread or process can't find. */
export function notExportedMessage(pool: string, name: string): string {
  const which = name === "" ? "an inline function" : `"${name}"`;
  return `${beginning} ${pool}: ${which}`;
}

/** Whether a handler failed because a function, which can't be sent anywhere, was sent to a pool or thread. */
export function isNotExported(problem: string): boolean {
  // The second is what Node says when a function is posted to a Worker, by hand or by a library.
  return problem.startsWith(beginning) || /could not be cloned/.test(problem);
}
