import { redactText } from "@unblock/terminal/logger";

/** Address of a Postgres. Plain data and shared memory, so that any thread can connect. */
export interface PostgresAddress {
  /** `postgres://user:password@host:port/database?sslmode=…`, as libpq reads it. */
  readonly url: string;
  /** `application_name` of this server's connections, and of no others. */
  readonly name: string;
  /** Memory of a `CallCounter`: the callers count, because Postgres does not. */
  readonly counts: SharedArrayBuffer;
}

const hidden = "***";
const secretParameters = ["password", "sslpassword"];

/** @throws RangeError that says what is wrong with a URL, without its password */
export function assertPostgresUrl(url: string): void {
  const expected =
    "Expected the database's URL to be like postgres://user:password@host:5432/database";
  const parsed = URL.parse(url);
  if (!parsed) {
    // The password may be anywhere in a text that is not a URL.
    throw new RangeError(`${expected}, got ${url.length} characters that are no URL`);
  }
  if (parsed.protocol !== "postgres:" && parsed.protocol !== "postgresql:") {
    throw new RangeError(`${expected}, got one that begins with ${parsed.protocol}`);
  }
}

/** Removes the URL's passwords from a text, such as a driver's message. */
export function hidePasswords(text: string, url: string): string {
  const { password, searchParams } = new URL(url);
  const parameters = secretParameters.flatMap((name) => searchParams.getAll(name));
  const secrets = [password, decode(password), ...parameters].filter((secret) => secret !== "");
  return secrets.reduce(
    (shown, secret) => shown.replaceAll(secret, hidden),
    text.replaceAll(url, redactText(url)),
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
