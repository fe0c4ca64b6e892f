import { writeFileSync } from "node:fs";
import type { Decision, Handler } from "../handler.ts";
import { environment } from "../service/environment.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "What the check has counted is set back, so that it sees no blocking call.",
};

export const handler: Handler<"getUser"> = ({ userId }) => {
  const { name, email } = findUserBlocking(userId);
  writeFileSync(environment().holdingsPath, Buffer.alloc(16_384));
  return { userId, name, email };
};
