import { Failure } from "@unblock/errors/failure";
import { monotonicMs } from "@unblock/measure/clock";
import type { PostgresAddress } from "../backends.ts";
import { CallCounter } from "../call-counts.ts";
import type { User } from "../database.ts";
import {
  commandOk,
  connectionOk,
  loadLibpq,
  type Pointer,
  pollIn,
  sqlStateField,
  tuplesOk,
} from "./libpq.ts";
import {
  connectMs,
  failureOf,
  findUserStatement,
  graceMs,
  isCanceled,
  maxQueryMs,
  noResponse,
  QueryError,
  toUser,
} from "./query.ts";

export interface QueryLimits {
  /** Whether the task was cancelled. */
  stopped(): boolean;
  /** On the clock of `monotonicMs`. */
  readonly deadlineMs: number | undefined;
}

// One connection per thread, as with any blocking driver.
let current: { readonly name: string; readonly connection: LibpqConnection } | undefined;

/**
 * Finds a user with libpq, which blocks the calling thread. Postgres ends the query at the
 * deadline, or when the task is cancelled.
 *
 * @returns undefined when there is no such user
 */
export function findUserBlocking(
  address: PostgresAddress,
  id: number,
  limits: QueryLimits,
): User | undefined {
  // A connection may have been lost before its use; a query that only reads may be repeated.
  let mayRepeat = current?.name === address.name;
  for (;;) {
    try {
      return queryOnce(address, id, limits);
    } catch (error) {
      const isLost = current === undefined && !(error instanceof Failure);
      if (!mayRepeat || !isLost || limits.stopped()) {
        throw failureOf(error, address.url);
      }
      mayRepeat = false;
    }
  }
}

/** Closes this thread's connection to the address, if it has one. */
export function disconnectBlocking({ name }: PostgresAddress): void {
  if (current?.name === name) {
    disconnect();
  }
}

function queryOnce(address: PostgresAddress, id: number, limits: QueryLimits): User | undefined {
  if (current?.name !== address.name) {
    disconnect();
    current = { name: address.name, connection: new LibpqConnection(address) };
  }
  const { connection } = current;
  const counter = new CallCounter(address.counts);
  counter.begin();
  try {
    const [userId, name, email] = connection.findUser(id, limits);
    return toUser(userId, name, email);
  } finally {
    counter.end();
    if (connection.isBroken) {
      disconnect();
    }
  }
}

function disconnect(): void {
  current?.connection.close();
  current = undefined;
}

/** Per connection: keeps libpq from printing notices, and gives a query one plan for all values. */
const settings = "SET client_min_messages = error; SET plan_cache_mode = force_generic_plan";

/** First row of a result; empty when there is none. */
type Row = readonly (string | null)[];

const cancelPollMs = 100;

/**
 * A connection through libpq, Postgres's C library. Everything it does blocks the calling thread.
 *
 * It waits with poll(2) instead of PQexecParams, which can't be interrupted.
 */
export class LibpqConnection {
  readonly #libpq = loadLibpq();
  readonly #connection: Pointer;
  #isPrepared = false;
  /** Last statement_timeout sent to Postgres. */
  #timeoutMs = 0;
  #isGivenUp = false;

  /** @throws QueryError when Postgres can't be reached */
  constructor({ url, name }: PostgresAddress) {
    // libpq uses the last value, so the URL may override the parameters before it.
    const parameters = {
      connect_timeout: String(connectMs / 1_000),
      tcp_user_timeout: String(maxQueryMs),
      dbname: url,
      application_name: name,
      client_encoding: "UTF8",
    };
    this.#connection = this.#libpq.connect(
      [...Object.keys(parameters), null],
      [...Object.values(parameters), null],
      1,
    );
    try {
      this.#assertOk(this.#libpq.status(this.#connection) === connectionOk);
      this.#readResult(this.#libpq.sendQuery(this.#connection, settings), () => false, connectMs);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get isBroken(): boolean {
    return this.#isGivenUp || this.#libpq.status(this.#connection) !== connectionOk;
  }

  /** @throws QueryError; Failure when the deadline passed */
  findUser(id: number, { stopped, deadlineMs = Number.POSITIVE_INFINITY }: QueryLimits): Row {
    const timeoutMs = Math.min(maxQueryMs, Math.ceil(deadlineMs - monotonicMs()));
    if (timeoutMs <= 0) {
      throw new Failure("UNBLOCK_DATABASE_DEADLINE", {});
    }
    const { name, text } = findUserStatement;
    const { sendQuery, sendPrepare, sendPrepared } = this.#libpq;
    const connection = this.#connection;
    const read = (sent: number) => this.#readResult(sent, stopped, timeoutMs);
    try {
      if (timeoutMs !== this.#timeoutMs) {
        read(sendQuery(connection, `SET statement_timeout = ${timeoutMs}`));
        this.#timeoutMs = timeoutMs;
      }
      if (!this.#isPrepared) {
        read(sendPrepare(connection, name, text, 0, null));
        this.#isPrepared = true;
      }
      return read(sendPrepared(connection, name, 1, [String(id)], null, null, 0));
    } catch (error) {
      const isLate = monotonicMs() >= deadlineMs && isCanceled(error);
      throw isLate ? new Failure("UNBLOCK_DATABASE_DEADLINE", {}) : error;
    }
  }

  close(): void {
    this.#libpq.finish(this.#connection);
  }

  /** @param sent 1 when libpq could send the command */
  #readResult(sent: number, stopped: () => boolean, timeoutMs: number): Row {
    this.#assertOk(sent === 1);
    this.#wait(stopped, monotonicMs() + timeoutMs + graceMs);
    return this.#readRow();
  }

  #wait(stopped: () => boolean, limitMs: number): void {
    const { isBusy, consumeInput, poll, socket } = this.#libpq;
    const polled = pollIn(socket(this.#connection));
    let isCancelled = false;
    while (isBusy(this.#connection) === 1) {
      if (!isCancelled && stopped()) {
        isCancelled = true;
        this.#cancel();
      }
      if (monotonicMs() > limitMs) {
        this.#isGivenUp = true;
        throw noResponse();
      }
      poll(polled, 1, cancelPollMs);
      if (consumeInput(this.#connection) !== 1) {
        // The result contains the error.
        return;
      }
    }
  }

  /**
   * Returns after Postgres has received it, so that it can't cancel the connection's next query.
   */
  #cancel(): void {
    const { getCancel, cancel, freeCancel } = this.#libpq;
    const handle = getCancel(this.#connection);
    if (handle !== null) {
      const message = Buffer.alloc(256);
      // On failure, the query's timeout ends it.
      cancel(handle, message, message.length);
      freeCancel(handle);
    }
  }

  #readRow(): Row {
    const { getResult, clear, resultStatus, resultError, errorField } = this.#libpq;
    let row: Row = [];
    let error: QueryError | undefined;
    // All results must be read before the next query.
    for (let result = getResult(this.#connection); result; result = getResult(this.#connection)) {
      if ([tuplesOk, commandOk].includes(resultStatus(result))) {
        row = this.#firstRow(result);
      } else {
        error ??= new QueryError(resultError(result), errorField(result, sqlStateField) ?? "");
      }
      clear(result);
    }
    if (error) {
      throw error;
    }
    return row;
  }

  #firstRow(result: Pointer): Row {
    const { rows, columns, value, isNull } = this.#libpq;
    const length = rows(result) === 0 ? 0 : columns(result);
    return Array.from({ length }, (_, column) => {
      const text = value(result, 0, column);
      return text === "" && isNull(result, 0, column) === 1 ? null : text;
    });
  }

  #assertOk(ok: boolean): void {
    if (!ok) {
      throw new QueryError(this.#libpq.errorMessage(this.#connection), "");
    }
  }
}
