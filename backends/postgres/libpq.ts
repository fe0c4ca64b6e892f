import { createRequire } from "node:module";

export type Pointer = bigint;
type Texts = readonly (string | null)[];

/** libpq's functions, without their "PQ" prefix, and poll(2). All block the calling thread. */
interface Libpq {
  poll(pollFds: Buffer, count: number, timeoutMs: number): number;
  connect(keywords: Texts, values: Texts, expandUrl: number): Pointer;
  status(connection: Pointer): number;
  errorMessage(connection: Pointer): string;
  socket(connection: Pointer): number;
  finish(connection: Pointer): void;
  sendQuery(connection: Pointer, sql: string): number;
  sendPrepare(connection: Pointer, name: string, sql: string, count: 0, types: null): number;
  sendPrepared(
    connection: Pointer,
    name: string,
    count: number,
    values: readonly string[],
    lengths: null,
    formats: null,
    resultFormat: 0,
  ): number;
  isBusy(connection: Pointer): number;
  consumeInput(connection: Pointer): number;
  getCancel(connection: Pointer): Pointer | null;
  cancel(handle: Pointer, message: Buffer, size: number): number;
  freeCancel(handle: Pointer): void;
  getResult(connection: Pointer): Pointer | null;
  clear(result: Pointer): void;
  resultStatus(result: Pointer): number;
  resultError(result: Pointer): string;
  errorField(result: Pointer, field: number): string | null;
  rows(result: Pointer): number;
  columns(result: Pointer): number;
  value(result: Pointer, row: number, column: number): string;
  isNull(result: Pointer, row: number, column: number): number;
}

export const connectionOk = 0;
export const commandOk = 1;
export const tuplesOk = 2;
/** PG_DIAG_SQLSTATE. */
export const sqlStateField = "C".charCodeAt(0);

/** Names on Linux and macOS, where Homebrew uses its own folders. */
const fileNames = [
  "libpq.so.5",
  "libpq.5.dylib",
  "/opt/homebrew/opt/libpq/lib/libpq.5.dylib",
  "/usr/local/opt/libpq/lib/libpq.5.dylib",
];

const require = createRequire(import.meta.url);
let loaded: Libpq | undefined;

/**
 * Loads Postgres's C library, once per thread.
 *
 * @param names file names to try
 * @throws Error that says what to install when it is missing
 */
export function loadLibpq(names: readonly string[] = fileNames): Libpq {
  loaded ??= bind(names);
  return loaded;
}

/** Argument of poll(2) that waits for input. */
export function pollIn(socket: number): Buffer {
  const pollFd = Buffer.alloc(8);
  pollFd.writeInt32LE(socket, 0);
  pollFd.writeInt16LE(1, 4);
  return pollFd;
}

/** @see https://www.postgresql.org/docs/current/libpq.html */
function bind(names: readonly string[]): Libpq {
  // Not at the top: every thread loads this module, and few use Postgres.
  const koffi: typeof import("koffi") = require("koffi");
  const libpq = open(koffi, names);
  return {
    poll: koffi.load(null).func("int poll(void *fds, unsigned long nfds, int timeout)"),
    connect: libpq.func("void *PQconnectdbParams(const char **, const char **, int)"),
    status: libpq.func("int PQstatus(void *)"),
    errorMessage: libpq.func("const char *PQerrorMessage(void *)"),
    socket: libpq.func("int PQsocket(void *)"),
    finish: libpq.func("void PQfinish(void *)"),
    sendQuery: libpq.func("int PQsendQuery(void *, const char *)"),
    sendPrepare: libpq.func("int PQsendPrepare(void *, const char *, const char *, int, void *)"),
    sendPrepared: libpq.func(
      "int PQsendQueryPrepared(void *, const char *, int, const char **, void *, void *, int)",
    ),
    isBusy: libpq.func("int PQisBusy(void *)"),
    consumeInput: libpq.func("int PQconsumeInput(void *)"),
    getCancel: libpq.func("void *PQgetCancel(void *)"),
    cancel: libpq.func("int PQcancel(void *, void *, int)"),
    freeCancel: libpq.func("void PQfreeCancel(void *)"),
    getResult: libpq.func("void *PQgetResult(void *)"),
    clear: libpq.func("void PQclear(void *)"),
    resultStatus: libpq.func("int PQresultStatus(void *)"),
    resultError: libpq.func("const char *PQresultErrorMessage(void *)"),
    errorField: libpq.func("const char *PQresultErrorField(void *, int)"),
    rows: libpq.func("int PQntuples(void *)"),
    columns: libpq.func("int PQnfields(void *)"),
    value: libpq.func("const char *PQgetvalue(void *, int, int)"),
    isNull: libpq.func("int PQgetisnull(void *, int, int)"),
  };
}

function open(koffi: typeof import("koffi"), names: readonly string[]) {
  let problem: unknown;
  for (const name of names) {
    try {
      // Deep: libpq's TLS library must use its own symbols, not those of Node's.
      return koffi.load(name, { deep: true });
    } catch (error) {
      problem = error;
    }
  }
  throw new Error(
    `Expected libpq, the C library of Postgres, on this machine, found none of ${names.join(", ")}. Install ` +
      "it: apt-get install libpq5 (Debian, Ubuntu), dnf install libpq (Fedora) or brew install libpq (macOS).",
    { cause: problem },
  );
}
