/**
 * What a caller can do about a failure. `rpc/interceptors/errors.ts` gives each its code on the wire;
 * nothing else knows codes.
 */
export type FailureKind =
  /** The request is wrong; sending it again will not help. */
  | "invalid"
  /** The request is right, and what it names is not there. */
  | "not-found"
  /** The request names something that this server will not touch. */
  | "forbidden"
  /** The caller has not shown that it may ask for this. */
  | "unauthenticated"
  /** A queue is full; later it may not be. */
  | "overloaded"
  /** It takes more than a call may have; sending it again will not help, asking for less will. */
  | "too-large"
  /** A backend is gone or does not answer. */
  | "unavailable"
  /** The caller's deadline passed in the middle of it. */
  | "late"
  /** This server was started without what the request needs. */
  | "not-set-up";

/** What is wrong with one field of a request. */
export interface FieldViolation {
  /** Its name in the schema, such as "user_id". */
  readonly field: string;
  /** What was expected, and what came: a sentence. */
  readonly description: string;
}

/** A failure whose message is for the caller: what was expected, what came, what to do next. */
export class Failure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Failure";
    this.kind = kind;
  }
}

/** A request whose fields are not as they should be. */
export class InvalidRequest extends Failure {
  readonly violations: readonly FieldViolation[];

  /** @param violations at least one */
  constructor(violations: readonly FieldViolation[]) {
    super("invalid", violations.map(({ description }) => description).join(" "));
    this.violations = violations;
  }
}

/** A failure as it crosses to another thread or process, where classes do not. */
export interface FailureMessage {
  readonly kind: FailureKind | "internal";
  readonly message: string;
  readonly stack: string | undefined;
}

export function toFailureMessage(error: unknown): FailureMessage {
  if (error instanceof Failure) {
    return { kind: error.kind, message: error.message, stack: undefined };
  }
  if (error instanceof Error) {
    return { kind: "internal", message: error.message, stack: error.stack };
  }
  return { kind: "internal", message: String(error), stack: undefined };
}

export function fromFailureMessage({ kind, message, stack }: FailureMessage): Error {
  if (kind !== "internal") {
    return new Failure(kind, message);
  }
  const error = new Error(message);
  if (stack !== undefined) {
    error.stack = stack;
  }
  return error;
}

/** A backend that failed, by the name that people know it by. */
export function backendUnavailable(backend: string, cause: unknown): Failure {
  const reason = cause instanceof Error ? rootMessage(cause) : String(cause);
  return new Failure("unavailable", `The backend "${backend}" does not answer (${reason}).`, {
    cause,
  });
}

// fetch says "fetch failed" and hides why in the cause.
function rootMessage(error: Error): string {
  return error.cause instanceof Error
    ? rootMessage(error.cause)
    : error.message || ("code" in error ? String(error.code) : error.name);
}
