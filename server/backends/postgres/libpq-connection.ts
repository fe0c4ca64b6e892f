import { monotonicMs } from "../../../registry/clock.ts";
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
  gaveUp,
  graceMs,
  isCanceled,
  longestQueryMs,
  pastDeadline,
  QueryError,
  type Statement,
} from "./query.ts";

/** How long a query may run. */
export interface QueryLimits {
  /** Whether nobody wants the answer any more. */
  stopped(): boolean;
  /** On the clock of `monotonicMs`. */
  readonly deadlineMs: number | undefined;
}

/**
 * For each connection: libpq would print what Postgres notes besides, and a query has one plan, the same
 * for all values.
 */
const settings = "SET client_min_messages = error; SET plan_cache_mode = force_generic_plan";

/** The first row of a result; empty when there is none. */
export type Row = readonly (string | null)[];

/** How often a thread that waits looks whether somebody wants the answer still, in milliseconds. */
const lookMs = 100;

/**
 * A connection through libpq, the C library of Postgres. All that it does blocks the calling thread.
 *
 * It waits with poll(2) and not in PQexecParams, which gives nobody a chance to end the wait.
 */
export class LibpqConnection {
  readonly #libpq = loadLibpq();
  readonly #connection: Pointer;
  readonly #prepared = new Set<string>();
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
      this.#answer(this.#libpq.sendQuery(this.#connection, settings), () => false, connectMs);
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
  query(statement: Statement, values: readonly string[], limits: QueryLimits): Row {
    const { stopped, deadlineMs } = limits;
    const restMs =
      deadlineMs === undefined ? longestQueryMs : Math.ceil(deadlineMs - monotonicMs());
    if (restMs <= 0) {
      throw pastDeadline();
    }
    const timeoutMs = Math.min(longestQueryMs, restMs);
    try {
      this.#limit(stopped, timeoutMs);
      this.#prepare(statement, stopped, timeoutMs);
      const { name } = statement;
      return this.#answer(
        this.#libpq.sendPrepared(this.#connection, name, values.length, values, null, null, 0),
        stopped,
        timeoutMs,
      );
    } catch (error) {
      const isLate = deadlineMs !== undefined && monotonicMs() >= deadlineMs;
      throw isLate && isCanceled(error) ? pastDeadline() : error;
    }
  }

  /** Once, and last. */
  close(): void {
    this.#libpq.finish(this.#connection);
  }

  #limit(stopped: () => boolean, timeoutMs: number): void {
    if (timeoutMs !== this.#timeoutMs) {
      const sql = `SET statement_timeout = ${timeoutMs}`;
      this.#answer(this.#libpq.sendQuery(this.#connection, sql), stopped, timeoutMs);
      this.#timeoutMs = timeoutMs;
    }
  }

  #prepare({ name, text }: Statement, stopped: () => boolean, timeoutMs: number): void {
    if (!this.#prepared.has(name)) {
      const sent = this.#libpq.sendPrepare(this.#connection, name, text, 0, null);
      this.#answer(sent, stopped, timeoutMs);
      this.#prepared.add(name);
    }
  }

  /** @param sent what libpq said of the sending: 1 when it could */
  #answer(sent: number, stopped: () => boolean, timeoutMs: number): Row {
    this.#assertOk(sent === 1);
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
