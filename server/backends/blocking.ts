import { createSyncFn } from "synckit";
import { Failure, fromFailureMessage } from "../errors.ts";
import type { Arguments, BlockingCalls, BlockingOutcome, Value } from "./blocking-worker.ts";

/** Longer than any call's own time-out, in milliseconds: only a lost helper thread reaches it. */
const timeoutMs = 15_000;

type Bridge = <Name extends keyof BlockingCalls>(
  name: Name,
  ...args: Arguments<Name>
) => BlockingOutcome<Value<Name>>;

let bridge: Bridge | undefined;

/**
 * Makes one of the asynchronous calls and blocks the calling thread until the answer is there: Node
 * has no synchronous HTTP or Redis client. A helper thread of the calling thread's own, started on
 * first use, makes the real call meanwhile.
 */
export function callBlocking<Name extends keyof BlockingCalls>(
  name: Name,
  ...args: Arguments<Name>
): Value<Name> {
  bridge ??= createSyncFn(new URL("./blocking-worker.ts", import.meta.url).href, {
    timeout: timeoutMs,
  });
  const outcome = cross(bridge, name, args);
  if ("failure" in outcome) {
    throw fromFailureMessage(outcome.failure);
  }
  return outcome.value;
}

/** A bridge whose helper thread has died stays broken, so the next call makes another. */
function cross<Name extends keyof BlockingCalls>(
  over: Bridge,
  name: Name,
  args: Arguments<Name>,
): BlockingOutcome<Value<Name>> {
  try {
    return over(name, ...args);
  } catch (error) {
    bridge = undefined;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure("UNBLOCK_BLOCKING_CALL_LOST", { reason }, { cause: error });
  }
}
