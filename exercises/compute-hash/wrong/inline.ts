import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";

export const decision: Decision = {
  strategy: "event-loop",
  why: "A hash waits for nothing, so it can just be computed.",
};

export const handler: Handler<"computeHash"> = ({ data, rounds }) => {
  return { hash: hashChain(data, rounds), algorithm: "sha256" };
};
