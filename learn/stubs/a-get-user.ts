// A. Your users live in a database, and its only driver is synchronous: the thread that calls it
// sleeps for 50 ms. Ten callers ask at once. Each shall have its user in about the time of one
// query, nobody else shall notice, and no query shall begin for a caller who has gone.
//
// At hand: findUserBlocking of ../toolbox/database.ts; threads, workers, processes of ../pools.ts.
// Check it: npm run check -- A
import type { Decision, Handler } from "../handler.ts";
import { findUserBlocking } from "../toolbox/database.ts";

/** One of: event-loop, threads. */
export const decision: Decision = { strategy: "", why: "" };

export const handler: Handler<"getUser"> = async ({ userId }) => {
  const { name, email } = findUserBlocking(userId);
  return { userId, name, email };
};
