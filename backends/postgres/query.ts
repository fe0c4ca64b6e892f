import { backendUnavailable, Failure } from "@unblock/errors/failure";
import { redactText } from "@unblock/terminal/logger";
import { queryMs, type User } from "../database.ts";

/**
 * Each connection prepares it at its first use, so that Postgres parses and plans it once. The join
 * makes the query take its time for a missing user too.
 */
export const findUserStatement = {
  name: "find_user",
  text: `SELECT id, name, email FROM pg_sleep(${queryMs / 1_000}) LEFT JOIN users ON id = $1`,
};

/** Max duration of a query; Postgres itself ends it. */
export const maxQueryMs = 10_000;
/** Additional time before the caller stops waiting for a Postgres that did not end the query. */
export const graceMs = 2_000;
export const connectMs = 5_000;

/** SQLSTATEs; see https://www.postgresql.org/docs/current/errcodes-appendix.html. */
const queryCanceled = "57014";
const shutdownStates = ["57P01", "57P02", "57P03"];
/**
 * Login rejected, no such database, insufficient resources, operator intervention, system error.
 */
const unavailableClasses = ["28", "3D", "53", "57", "58"];

export class QueryError extends Error {
  readonly code: string;

  /** @param code SQLSTATE; empty when the connection ended without one */
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** Whether the connection is lost, not just the query. */
export function isLostConnection(error: unknown): boolean {
  if (error instanceof Failure) {
    return false;
  }
  const code = codeOf(error);
  // Errors of the system and of the drivers have codes of other forms, or none.
  return (
    !/^(?=.*\d)[0-9A-Z]{5}$/.test(code) || code.startsWith("08") || shutdownStates.includes(code)
  );
}

/** Whether Postgres ended the query, because of its timeout or a request. */
export function isCanceled(error: unknown): boolean {
  return codeOf(error) === queryCanceled;
}

/** Converts a query's error to what its caller gets. */
export function failureOf(error: unknown, url: string): Error {
  if (error instanceof Failure) {
    return error;
  }
  const reason = reasonOf(error, url);
  return isLostConnection(error) || unavailableClasses.includes(codeOf(error).slice(0, 2))
    ? backendUnavailable("database", reason)
    : new Error(`The database rejected the query: ${reason}`);
}

/** A driver's message in one line, without the URL's password. */
export function reasonOf(error: unknown, url: string): string {
  // A connection that failed at several addresses has only a code.
  const message = error instanceof Error ? error.message || codeOf(error) : String(error);
  return hidePasswords(message.replaceAll(/\s+/g, " ").trim(), url);
}

const hidden = "***";
const secretParameters = ["password", "sslpassword"];

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

export function noResponse(): Failure {
  return backendUnavailable("database", `no response within ${maxQueryMs + graceMs} ms`);
}

/** @returns undefined when the columns are empty, for a missing user */
export function toUser(id: unknown, name: unknown, email: unknown): User | undefined {
  return id === null || id === undefined
    ? undefined
    : { id: Number(id), name: String(name), email: String(email) };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
