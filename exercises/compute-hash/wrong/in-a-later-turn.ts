import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "setImmediate lets Node compute the hash in the background.",
};

export const handler: Handler<"computeHash"> = ({ data, rounds }) => {
  return new Promise((resolve) => {
    setImmediate(() => resolve({ hash: hashChain(data, rounds), algorithm: "sha256" }));
  });
};
