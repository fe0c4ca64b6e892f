import { createRequire } from "node:module";

export type Pointer = bigint;

/** libpq's functions, without their "PQ" prefix. All block the calling thread. */
type Libpq = ReturnType<typeof bind>;

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

function bind(names: readonly string[]) {
  // Not at the top: every thread loads this module, and few use Postgres.
  const koffi: typeof import("koffi") = require("koffi");
  const libpq = open(koffi, names);
  const c = koffi.load(null);

  const poll: (pollFds: Buffer, count: number, timeoutMs: number) => number = c.func(
    "int poll(void *fds, unsigned long nfds, int timeout)",
  );
  const connect: (
    keywords: readonly (string | null)[],
    values: readonly (string | null)[],
    expandUrl: number,
  ) => Pointer = libpq.func(
    "void *PQconnectdbParams(const char **keywords, const char **values, int expand_dbname)",
  );
  const sendPrepared: (
    connection: Pointer,
    name: string,
    count: number,
    values: readonly string[],
    lengths: null,
    formats: null,
    resultFormat: number,
  ) => number = libpq.func(
    "int PQsendQueryPrepared(void *conn, const char *stmtName, int nParams, " +
      "const char **paramValues, void *paramLengths, void *paramFormats, int resultFormat)",
  );
  const sendQuery: (connection: Pointer, sql: string) => number = libpq.func(
    "int PQsendQuery(void *conn, const char *query)",
  );
  const sendPrepare: (
    connection: Pointer,
    name: string,
    sql: string,
    count: number,
    types: null,
  ) => number = libpq.func(
    "int PQsendPrepare(void *conn, const char *stmtName, const char *query, int nParams, void *paramTypes)",
  );
  const toNothing = (name: string): ((of: Pointer) => void) => libpq.func(`void ${name}(void *of)`);
  const toNumber = (name: string): ((of: Pointer) => number) => libpq.func(`int ${name}(void *of)`);
  const toText = (name: string): ((of: Pointer) => string) =>
    libpq.func(`const char *${name}(void *of)`);
  const toPointer = (name: string): ((of: Pointer) => Pointer | null) =>
    libpq.func(`void *${name}(void *of)`);
  const cancel: (handle: Pointer, message: Buffer, size: number) => number = libpq.func(
    "int PQcancel(void *cancel, void *errbuf, int errbufsize)",
  );
  const errorField: (result: Pointer, field: number) => string | null = libpq.func(
    "const char *PQresultErrorField(void *res, int fieldcode)",
  );
  const value: (result: Pointer, row: number, column: number) => string = libpq.func(
    "const char *PQgetvalue(void *res, int tup_num, int field_num)",
  );
  const isNull: (result: Pointer, row: number, column: number) => number = libpq.func(
    "int PQgetisnull(void *res, int tup_num, int field_num)",
  );
  return {
    poll,
    connect,
    status: toNumber("PQstatus"),
    errorMessage: toText("PQerrorMessage"),
    socket: toNumber("PQsocket"),
    finish: toNothing("PQfinish"),
    sendQuery,
    sendPrepare,
    sendPrepared,
    isBusy: toNumber("PQisBusy"),
    consumeInput: toNumber("PQconsumeInput"),
    getCancel: toPointer("PQgetCancel"),
    cancel,
    freeCancel: toNothing("PQfreeCancel"),
    getResult: toPointer("PQgetResult"),
    clear: toNothing("PQclear"),
    resultStatus: toNumber("PQresultStatus"),
    resultError: toText("PQresultErrorMessage"),
    errorField,
    rows: toNumber("PQntuples"),
    columns: toNumber("PQnfields"),
    value,
    isNull,
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
