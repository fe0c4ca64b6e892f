import { backendUnavailable, Failure } from "../../errors.ts";
import { queryMs, type User } from "../database.ts";
import { hidePasswords } from "./address.ts";

/** A query that a connection prepares when it first runs it: Postgres reads and plans it once. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** The join makes the query take its time also for a user who is not there. */
export const findUserStatement: Statement = {
  name: "find_user",
  text: `SELECT id, name, email FROM pg_sleep(${queryMs / 1_000}) LEFT JOIN users ON id = $1`,
};

/** A query that is not answered within this time has failed, in milliseconds; Postgres itself ends it. */
export const longestQueryMs = 10_000;
/** How much later a caller gives up waiting for a Postgres that should have ended it, in milliseconds. */
export const graceMs = 2_000;
/** How long a connection may take to be made, in milliseconds. */
export const connectMs = 5_000;

/** The states (SQLSTATE) of https://www.postgresql.org/docs/current/errcodes-appendix.html met here. */
const queryCanceled = "57014";
const shutdownStates = ["57P01", "57P02", "57P03"];
/** Nobody may log in, no such database, too few resources, an operator's intervention, a broken system. */
const unavailableClasses = ["28", "3D", "53", "57", "58"];

/** Of a query that Postgres refused or ended. */
export class QueryError extends Error {
  readonly code: string;

  /** @param code its SQLSTATE; empty when the connection ended before there was one */
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** Whether the connection is lost, and not just the query. What was given up is not: it would be again. */
export function isLostConnection(error: unknown): boolean {
  if (error instanceof Failure) {
    return false;
  }
  const code = codeOf(error);
  // Errors of the system and of the drivers themselves have other codes, or none.
  return (
    !/^(?=.*\d)[0-9A-Z]{5}$/.test(code) || code.startsWith("08") || shutdownStates.includes(code)
  );
}

/** Whether Postgres ended the query: its time was over, or somebody asked for it. */
export function isCanceled(error: unknown): boolean {
  return codeOf(error) === queryCanceled;
}

/** What a query's end means to its caller. */
export function failureOf(error: unknown, url: string): Error {
  if (error instanceof Failure) {
    return error;
  }
  const reason = reasonOf(error, url);
  return isLostConnection(error) || unavailableClasses.includes(codeOf(error).slice(0, 2))
    ? backendUnavailable("database", reason)
    : new Error(`The database refused the query: ${reason}`);
}

/** What a driver says of a failure, in one line and without the URL's password. */
export function reasonOf(error: unknown, url: string): string {
  // Of a connection that failed at several addresses there is but a code.
  const message = error instanceof Error ? error.message || codeOf(error) : String(error);
  return hidePasswords(message.replaceAll(/\s+/g, " ").trim(), url);
}

/** Postgres did not even say that the time is over. */
export function gaveUp(): Failure {
  return backendUnavailable("database", `no answer within ${longestQueryMs + graceMs} ms`);
}

export function pastDeadline(): Failure {
  return new Failure("UNBLOCK_DATABASE_DEADLINE", {});
}

/** @returns undefined when the columns are empty: there is no such user */
export function toUser(id: unknown, name: unknown, email: unknown): User | undefined {
  return id === null || id === undefined
    ? undefined
    : { id: Number(id), name: String(name), email: String(email) };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
