import { createHash } from "node:crypto";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "event-loop",
  why: "node:crypto is written in C++, so it may compute right here.",
};

function chain(data: string, rounds: number): string {
  let digest = createHash("sha256").update(data).digest();
  for (let round = 1; round < rounds; round++) {
    digest = createHash("sha256").update(digest).digest();
  }
  return digest.toString("hex");
}

export const handler: Handler<"computeHash"> = ({ data, rounds }) => {
  return { hash: chain(data, rounds), algorithm: "sha256" };
};
