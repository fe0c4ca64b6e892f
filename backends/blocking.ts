import { Failure, fromFailureMessage, reasonOf } from "@unblock/errors/failure";
import { createSyncFn } from "synckit";
import type { BlockingCalls, Outcome, Value } from "./blocking-worker.ts";

/** Longer than any call's own timeout, so only a lost helper thread reaches it. */
const timeoutMs = 15_000;
const helper = new URL("./blocking-worker.ts", import.meta.url).href;

let bridge:
  | (<Name extends keyof BlockingCalls>(
      name: Name,
      ...args: Parameters<BlockingCalls[Name]>
    ) => Outcome<Value<Name>>)
  | undefined;

/**
 * Makes an asynchronous call and blocks the calling thread until it returns: Node has no
 * synchronous HTTP or Redis client. A helper thread per calling thread, started at first use, makes
 * the actual call.
 */
export function callBlocking<Name extends keyof BlockingCalls>(
  name: Name,
  ...args: Parameters<BlockingCalls[Name]>
): Value<Name> {
  let outcome: Outcome<Value<Name>>;
  try {
    bridge ??= createSyncFn(helper, { timeout: timeoutMs });
    outcome = bridge(name, ...args);
  } catch (error) {
    // The next call starts another helper thread.
    bridge = undefined;
    const reason = reasonOf(error);
    throw new Failure("UNBLOCK_BLOCKING_CALL_LOST", { reason }, { cause: error });
  }
  if ("failure" in outcome) {
    throw fromFailureMessage(outcome.failure);
  }
  return outcome.value;
}
