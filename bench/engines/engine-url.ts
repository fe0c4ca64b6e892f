/**
 * Where a real engine is.
 *
 * @throws Error that says what to set
 */
export function engineUrl(variable: "DATABASE_URL" | "REDIS_URL"): string {
  const url = process.env[variable];
  if (!url) {
    const example =
      variable === "DATABASE_URL"
        ? "postgres://user:password@localhost/database"
        : "redis://localhost";
    throw new Error(`Expected ${variable}, such as ${example}, got none. compose.yaml starts one.`);
  }
  return url;
}
