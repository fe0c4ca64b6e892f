import { hash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "In slices, with a turn of the loop after each, the hash lets everybody else in.",
};

const roundsASlice = 1_000;

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  let digest = hash("sha256", data, "buffer");
  for (let round = 1; round < rounds; round++) {
    if (round % roundsASlice === 0) {
      await setImmediate(undefined, { signal });
    }
    digest = hash("sha256", digest, "buffer");
  }
  return { hash: digest.toString("hex"), algorithm: "sha256" };
};
