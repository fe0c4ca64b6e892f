import type { Decision } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The pool computes, as others have shown before.",
};

export { computeChain, handler } from "../solutions/cpu-pool.ts";
