import { monotonicMs } from "@unblock/measure/clock";
import type { PostgresAddress } from "./address.ts";
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
  graceMs,
  isCanceled,
  maxQueryMs,
  noResponse,
  pastDeadline,
  QueryError,
  type Statement,
} from "./query.ts";

export interface QueryLimits {
  /** Whether the task was cancelled. */
  stopped(): boolean;
  /** On the clock of `monotonicMs`. */
  readonly deadlineMs: number | undefined;
}

/** Per connection: keeps libpq from printing notices, and gives a query one plan for all values. */
const settings = "SET client_min_messages = error; SET plan_cache_mode = force_generic_plan";

/** First row of a result; empty when there is none. */
export type Row = readonly (string | null)[];

const cancelPollMs = 100;

/**
 * A connection through libpq, Postgres's C library. Everything it does blocks the calling thread.
 *
 * It waits with poll(2) instead of PQexecParams, which can't be interrupted.
 */
export class LibpqConnection {
  readonly #libpq = loadLibpq();
  readonly #connection: Pointer;
  readonly #prepared = new Set<string>();
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
  query(statement: Statement, values: readonly string[], limits: QueryLimits): Row {
    const { stopped, deadlineMs } = limits;
    const remainingMs =
      deadlineMs === undefined ? maxQueryMs : Math.ceil(deadlineMs - monotonicMs());
    if (remainingMs <= 0) {
      throw pastDeadline();
    }
    const timeoutMs = Math.min(maxQueryMs, remainingMs);
    try {
      this.#limit(stopped, timeoutMs);
      this.#prepare(statement, stopped, timeoutMs);
      const { name } = statement;
      return this.#readResult(
        this.#libpq.sendPrepared(this.#connection, name, values.length, values, null, null, 0),
        stopped,
        timeoutMs,
      );
    } catch (error) {
      const isLate = deadlineMs !== undefined && monotonicMs() >= deadlineMs;
      throw isLate && isCanceled(error) ? pastDeadline() : error;
    }
  }

  /** Call it once, as the last method. */
  close(): void {
    this.#libpq.finish(this.#connection);
  }

  #limit(stopped: () => boolean, timeoutMs: number): void {
    if (timeoutMs !== this.#timeoutMs) {
      const sql = `SET statement_timeout = ${timeoutMs}`;
      this.#readResult(this.#libpq.sendQuery(this.#connection, sql), stopped, timeoutMs);
      this.#timeoutMs = timeoutMs;
    }
  }

  #prepare({ name, text }: Statement, stopped: () => boolean, timeoutMs: number): void {
    if (!this.#prepared.has(name)) {
      const sent = this.#libpq.sendPrepare(this.#connection, name, text, 0, null);
      this.#readResult(sent, stopped, timeoutMs);
      this.#prepared.add(name);
    }
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
    const { getResult, clear } = this.#libpq;
    let row: Row = [];
    let error: QueryError | undefined;
    // All results must be read before the next query.
    for (let result = getResult(this.#connection); result !== null; ) {
      error ??= this.#errorOf(result);
      row = error ? [] : this.#firstRow(result);
      clear(result);
      result = getResult(this.#connection);
    }
    if (error) {
      throw error;
    }
    return row;
  }

  #errorOf(result: Pointer): QueryError | undefined {
    const { errorField, resultError, resultStatus } = this.#libpq;
    const status = resultStatus(result);
    return status === tuplesOk || status === commandOk
      ? undefined
      : new QueryError(resultError(result), errorField(result, sqlStateField) ?? "");
  }

  #firstRow(result: Pointer): Row {
    const { rows, columns, value, isNull } = this.#libpq;
    if (rows(result) === 0) {
      return [];
    }
    return Array.from({ length: columns(result) }, (_, column) => {
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
