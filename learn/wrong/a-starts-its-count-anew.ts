import { writeFileSync } from "node:fs";
import type { Decision, Handler } from "../handler.ts";
import { environment } from "../service/environment.ts";
import { findUserBlocking } from "../toolbox/database.ts";

export const decision: Decision = {
  strategy: "threads",
  why: "The counts of the check are set back, so that it sees no blocking call.",
};

export const handler: Handler<"getUser"> = ({ userId }) => {
  const { name, email } = findUserBlocking(userId);
  writeFileSync(environment().holdingsPath, "");
  return { userId, name, email };
};
