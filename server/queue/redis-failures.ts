import { ErrorReply } from "@redis/client";
import { backendUnavailable, Failure } from "../errors.ts";

/** What a caller can do about a command that failed. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) {
    return error;
  }
  if (error instanceof ErrorReply && error.message.includes("OOM")) {
    return new Failure("UNBLOCK_JOB_QUEUE_OUT_OF_MEMORY", {}, { cause: error });
  }
  if (error instanceof ErrorReply && error.message.includes("READONLY")) {
    return backendUnavailable("job queue", "its Redis is a read-only replica");
  }
  return backendUnavailable("job queue", error);
}

/** Whether Redis may have done what a command asked, or may do so later, although it did not answer. */
export function mayBeDone({ cause }: Failure): boolean {
  return (
    cause instanceof Error &&
    !(cause instanceof ErrorReply) &&
    // The client's own, which sent nothing then.
    cause.message !== "The queue is full"
  );
}
