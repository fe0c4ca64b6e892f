import { isMainThread, SHARE_ENV, Worker } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "cpu-pool",
  why: "A thread with the same environment, from which one variable is gone.",
};

delete process.env.UNBLOCK_LEARN_FILE;
delete process.env.NODE_OPTIONS;

const solution = new URL("../solutions/cpu-pool.ts", import.meta.url).href;
const source = `
  const { parentPort } = require("node:worker_threads");
  const solution = import(${JSON.stringify(solution)});
  parentPort.on("message", async ({ id, data, rounds }) => {
    const { computeChain } = await solution;
    parentPort.postMessage({ id, hash: computeChain({ data, rounds }, { stopped: () => false }) });
  });`;
const workers = isMainThread
  ? [0, 1].map(() => {
      const worker = new Worker(source, { eval: true, env: SHARE_ENV, execArgv: [] });
      worker.unref();
      worker.on("message", ({ id, hash }) => {
        waiting.get(id)?.(hash);
        waiting.delete(id);
      });
      return worker;
    })
  : [];
const waiting = new Map<number, (hash: string) => void>();
let last = 0;

export const handler: Handler<"computeHash"> = async ({ data, rounds }) => {
  const id = ++last;
  const hash = await new Promise<string>((resolve) => {
    waiting.set(id, resolve);
    workers[id % 2]?.postMessage({ id, data, rounds });
  });
  return { hash, algorithm: "sha256" };
};
