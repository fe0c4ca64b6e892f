import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";

export const decision: Decision = {
  strategy: "async",
  why: "Behind a promise the hash is computed while others are served.",
};

async function hash(data: string, rounds: number, signal: AbortSignal): Promise<string> {
  return hashChain(data, rounds, () => signal.aborted);
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  return { hash: await hash(data, rounds, signal), algorithm: "sha256" };
};
