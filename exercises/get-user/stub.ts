// A. Your users live in a database, and its only driver blocks the thread that calls it for 50 ms.
// Ten callers ask at once. Each should get its user in about the time of one query, without slowing
// anyone else down, and no query should begin for a caller who has disconnected.
//
// At hand: findUserBlocking of toolbox/database; blockingPool, cpuPool, processes of toolbox/pools.
// `signal` aborts when nobody waits any more: the caller has disconnected, or its deadline has passed.
// Check it: npm run check -- A

import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

/** One of: blocking-pool, event-loop. */
export const decision: Decision = { strategy: "", why: "" };

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const { name, email } = findUserBlocking(userId);
  return { userId, name, email };
};
