import { type ErrorCode, type ErrorData, type ErrorKind, errorTable } from "./error-table.ts";

/** A problem with one field of a request. */
export interface FieldViolation {
  /** Its name in the schema, such as "user_id". */
  readonly field: string;
  /** A sentence with the expected value and the actual one. */
  readonly description: string;
}

/** @returns the problem if the field is not valid, as a list; else an empty list */
export function checkField(field: string, isValid: boolean, expected: string): FieldViolation[] {
  return isValid ? [] : [{ field, description: `Expected ${field} ${expected}.` }];
}

/**
 * An error of the table; its message tells the caller what was expected, what happened and what to
 * do.
 */
export class Failure<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  /** Values in the message, by name. */
  readonly data: ErrorData<ErrorCode>;

  constructor(code: Code, data: ErrorData<Code>, options?: ErrorOptions) {
    const [kind, message] = errorTable[code];
    const values: Readonly<Record<string, string | number>> = data;
    const textOf = (_: string, name: string) => String(values[name]);
    super(message.replaceAll(/\{(\w+)\}/g, textOf), options);
    this.name = "Failure";
    this.code = code;
    this.kind = kind;
    this.data = data;
  }
}

/** A request with invalid fields. */
export class InvalidRequest extends Failure<"UNBLOCK_INVALID_REQUEST"> {
  readonly violations: readonly FieldViolation[];

  /** @param violations at least one */
  constructor(violations: readonly FieldViolation[]) {
    const problems = violations.map(({ description }) => description).join(" ");
    super("UNBLOCK_INVALID_REQUEST", { problems });
    this.violations = violations;
  }
}

/** A failure as it is sent between threads and processes, which do not share classes. */
export type FailureMessage =
  | { readonly code: ErrorCode; readonly data: ErrorData<ErrorCode> }
  | { readonly code: "internal"; readonly message: string; readonly stack: string | undefined };

export function toFailureMessage(error: unknown): FailureMessage {
  if (error instanceof Failure) {
    return { code: error.code, data: error.data };
  }
  if (error instanceof Error) {
    return { code: "internal", message: error.message, stack: error.stack };
  }
  return { code: "internal", message: String(error), stack: undefined };
}

export function fromFailureMessage(failure: FailureMessage): Error {
  if (failure.code !== "internal") {
    return new Failure(failure.code, failure.data);
  }
  const error = new Error(failure.message);
  if (failure.stack !== undefined) {
    error.stack = failure.stack;
  }
  return error;
}

/** Failure of a backend, by its name in messages. */
export function backendUnavailable(backend: string, cause: unknown): Failure {
  const reason = reasonOf(cause);
  return new Failure("UNBLOCK_BACKEND_UNAVAILABLE", { backend, reason }, { cause });
}

/** Message of what was thrown, or of its cause: fetch says only "fetch failed". */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) {
    return String(thrown);
  }
  const code = "code" in thrown ? String(thrown.code) : thrown.name;
  return thrown.cause instanceof Error ? reasonOf(thrown.cause) : thrown.message || code;
}
