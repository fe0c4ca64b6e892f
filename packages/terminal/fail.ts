/** Prints an error and exits with 1: the command could not run. */
export function fail(problem: unknown): never {
  const message = problem instanceof Error ? problem.message : String(problem);
  process.stderr.write(`error: ${message}\n`);
  process.exit(1);
}
