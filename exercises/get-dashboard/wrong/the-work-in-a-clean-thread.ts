import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "parallel",
  why: "A class of workers starts with nothing in its environment.",
};

class CleanWorker extends Worker {
  constructor(source: string) {
    super(source, { eval: true, env: {} });
    this.unref();
    this.setMaxListeners(0);
  }
}

const work = new URL("../work.ts", import.meta.url).href;
const worker = new CleanWorker(`
  const { parentPort } = require("node:worker_threads");
  const work = import(${JSON.stringify(work)});
  parentPort.on("message", async (urls) => {
    const { fetchParallel } = await work;
    parentPort.postMessage(await fetchParallel(urls, { signal: new AbortController().signal }));
  });`);

export const handler: Handler<"getDashboard"> = async () => {
  const { serviceUrl } = await import("@unblock/learn/toolbox/services");
  worker.postMessage(
    [1, 2, 3, 4, 5].map((n) =>
      serviceUrl(n === 1 ? 1 : n === 2 ? 2 : n === 3 ? 3 : n === 4 ? 4 : 5),
    ),
  );
  const [[service1, service2, service3, service4, service5]] = await once(worker, "message");
  return { service1, service2, service3, service4, service5 };
};
