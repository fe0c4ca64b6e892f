import type { Decision } from "../handler.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The pool computes, as others have shown before.",
};

export { computeChain, handler } from "../solutions/c-compute-hash.workers.ts";
