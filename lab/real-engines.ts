/** The engines that may be real, by the variables with their URLs. */
const engines: Readonly<Record<string, string>> = { DATABASE_URL: "Postgres", REDIS_URL: "Redis" };

/** Whether the server, which is started with this process's environment, has what a strategy needs. */
export function isThere(needs: string): boolean {
  return needs === "" || Boolean(process.env[needs]);
}

/** The names of those that are real. Not their URLs, which may have passwords. */
export function realEngines(): readonly string[] {
  return Object.keys(engines).flatMap((variable) =>
    isThere(variable) ? (engines[variable] ?? []) : [],
  );
}
