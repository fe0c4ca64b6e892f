import { Failure, fromFailureMessage } from "@unblock/errors/failure";
import { createSyncFn } from "synckit";
import type { Arguments, BlockingCalls, BlockingOutcome, Value } from "./blocking-worker.ts";

/** Longer than any call's own timeout, so only a lost helper thread reaches it. */
const timeoutMs = 15_000;

type Bridge = <Name extends keyof BlockingCalls>(
  name: Name,
  ...args: Arguments<Name>
) => BlockingOutcome<Value<Name>>;

let bridge: Bridge | undefined;

/**
 * Makes an asynchronous call and blocks the calling thread until it returns: Node has no
 * synchronous HTTP or Redis client. A helper thread per calling thread, started at first use, makes
 * the actual call.
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

/** After the helper thread has died, the next call starts another. */
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
