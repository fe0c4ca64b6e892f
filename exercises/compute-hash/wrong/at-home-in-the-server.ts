import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { computeHash } from "../work.ts";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "The server has this exercise already, so its work does mine.",
};

export const handler: Handler<"computeHash"> = async ({ data, rounds }) => {
  return { hash: computeHash({ data, rounds }, { stopped: () => false }), algorithm: "sha256" };
};
