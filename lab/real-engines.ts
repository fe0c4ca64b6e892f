/** What may be real, by the variables that say where it is. */
const engines: Readonly<Record<string, string>> = {
  DATABASE_URL: "Postgres",
  REDIS_URL: "Redis",
  WEATHER_URL: "weather",
  SERVICES_URL: "services",
  IMAGES_URL: "images",
  ANALYTICS_URL: "analytics",
  CONFIG_FILE: "config file",
};

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
