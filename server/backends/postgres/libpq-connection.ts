import { monotonicMs } from "../../../registry/clock.ts";
import type { PostgresAddress } from "./address.ts";
import { connectionOk, loadLibpq, type Pointer, pollIn, sqlStateField, tuplesOk } from "./libpq.ts";
import {
  connectMs,
  gaveUp,
  graceMs,
  isCanceled,
  longestQueryMs,
  pastDeadline,
  QueryError,
} from "./query.ts";

/** How long a query may run. */
export interface QueryLimits {
  /** Whether nobody wants the answer any more. */
  stopped(): boolean;
  /** On the clock of `monotonicMs`. */
  readonly deadlineMs: number | undefined;
}

/** The first row of a result; empty when there is none. */
export type Row = readonly (string | null)[];

/** How often a thread that waits looks whether somebody wants the answer still, in milliseconds. */
const lookMs = 50;

/**
 * A connection through libpq, the C library of Postgres. All that it does blocks the calling thread.
 *
 * It waits with poll(2) and not in PQexecParams, which gives nobody a chance to end the wait.
 */
export class LibpqConnection {
  readonly #libpq = loadLibpq();
  readonly #connection: Pointer;
  /** What Postgres was told last, for the queries of this connection. */
  #timeoutMs = 0;
  #isGivenUp = false;

  /** @throws QueryError when it can't be made */
  constructor({ url, name }: PostgresAddress) {
    // libpq takes the last it is told, so the URL may say otherwise of what comes before it.
    const parameters = {
      connect_timeout: String(connectMs / 1_000),
      tcp_user_timeout: String(longestQueryMs),
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
      // libpq would print what Postgres notes besides.
      this.#run("SET client_min_messages = error", [], () => false, connectMs);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Whether it can't be used again. */
  get isBroken(): boolean {
    return this.#isGivenUp || this.#libpq.status(this.#connection) !== connectionOk;
  }

  /** @throws QueryError, or a Failure when the deadline passed */
  query(sql: string, values: readonly string[], { stopped, deadlineMs }: QueryLimits): Row {
    const restMs =
      deadlineMs === undefined ? longestQueryMs : Math.ceil(deadlineMs - monotonicMs());
    if (restMs <= 0) {
      throw pastDeadline();
    }
    const timeoutMs = Math.min(longestQueryMs, restMs);
    try {
      if (timeoutMs !== this.#timeoutMs) {
        this.#run(`SET statement_timeout = ${timeoutMs}`, [], stopped, timeoutMs);
        this.#timeoutMs = timeoutMs;
      }
      return this.#run(sql, values, stopped, timeoutMs);
    } catch (error) {
      const isLate = deadlineMs !== undefined && monotonicMs() >= deadlineMs;
      throw isLate && isCanceled(error) ? pastDeadline() : error;
    }
  }

  /** Once, and last. */
  close(): void {
    this.#libpq.finish(this.#connection);
  }

  #run(sql: string, values: readonly string[], stopped: () => boolean, timeoutMs: number): Row {
    const { send } = this.#libpq;
    this.#assertOk(send(this.#connection, sql, values.length, null, values, null, null, 0) === 1);
    this.#wait(stopped, monotonicMs() + timeoutMs + graceMs);
    return this.#readRow();
  }

  #wait(stopped: () => boolean, giveUpMs: number): void {
    const { isBusy, consumeInput, poll, socket } = this.#libpq;
    const polled = pollIn(socket(this.#connection));
    let isCancelled = false;
    while (isBusy(this.#connection) === 1) {
      if (!isCancelled && stopped()) {
        isCancelled = true;
        this.#cancel();
      }
      if (monotonicMs() > giveUpMs) {
        this.#isGivenUp = true;
        throw gaveUp();
      }
      poll(polled, 1, lookMs);
      if (consumeInput(this.#connection) !== 1) {
        // The result says what is wrong.
        return;
      }
    }
  }

  /** Returns when Postgres has heard of it, so that it can't end the connection's next query instead. */
  #cancel(): void {
    const { getCancel, cancel, freeCancel } = this.#libpq;
    const handle = getCancel(this.#connection);
    if (handle !== null) {
      const message = Buffer.alloc(256);
      // If Postgres can't be told, the time limit ends the query.
      cancel(handle, message, message.length);
      freeCancel(handle);
    }
  }

  #readRow(): Row {
    const { getResult, clear } = this.#libpq;
    let row: Row = [];
    let error: QueryError | undefined;
    // To the end, or the connection takes no other query.
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
    const { errorField, resultError } = this.#libpq;
    const message = resultError(result);
    return message === ""
      ? undefined
      : new QueryError(message, errorField(result, sqlStateField) ?? "");
  }

  #firstRow(result: Pointer): Row {
    const { resultStatus, rows, columns, value, isNull } = this.#libpq;
    if (resultStatus(result) !== tuplesOk || rows(result) === 0) {
      return [];
    }
    return Array.from({ length: columns(result) }, (_, column) =>
      isNull(result, 0, column) === 1 ? null : value(result, 0, column),
    );
  }

  #assertOk(ok: boolean): void {
    if (!ok) {
      throw new QueryError(this.#libpq.errorMessage(this.#connection), "");
    }
  }
}
