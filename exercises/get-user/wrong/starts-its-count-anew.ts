import { writeFileSync } from "node:fs";
import { environment } from "@unblock/learn/service/environment";
import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "What the check has counted is set back, so that it sees no blocking call.",
};

export const handler: Handler<"getUser"> = ({ userId }) => {
  const { name, email } = findUserBlocking(userId);
  writeFileSync(environment().holdingsPath, Buffer.alloc(16_384));
  return { userId, name, email };
};
