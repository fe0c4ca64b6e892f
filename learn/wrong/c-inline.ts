import type { Decision, Handler } from "../handler.ts";
import { hashChain } from "../toolbox/hash.ts";

export const decision: Decision = {
  strategy: "event-loop",
  why: "A hash waits for nothing, so it can just be computed.",
};

export const handler: Handler<"computeHash"> = ({ data, rounds }) => {
  return { hash: hashChain(data, rounds), algorithm: "sha256" };
};
