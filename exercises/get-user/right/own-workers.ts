import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "blocking-pool",
  why: "The driver blocks its thread, so I keep sixteen workers that do nothing but ask it.",
};

interface Job {
  readonly id: number;
  readonly done: (user: ReturnType<typeof findUserBlocking>) => void;
  readonly failed: (error: unknown) => void;
}

const idle: Worker[] = [];
const waiting: Job[] = [];

if (workerData === "users") {
  parentPort?.on("message", (id: number) => {
    try {
      parentPort?.postMessage({ user: findUserBlocking(id) });
    } catch (error) {
      parentPort?.postMessage({ error });
    }
  });
} else if (isMainThread) {
  for (let n = 0; n < 16; n++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: "users" });
    worker.unref();
    idle.push(worker);
  }
}

function next(): void {
  const worker = waiting.length > 0 ? idle.pop() : undefined;
  const job = worker && waiting.shift();
  if (!worker || !job) {
    return;
  }
  worker.once("message", ({ user, error }) => {
    idle.push(worker);
    next();
    return user === undefined ? job.failed(error) : job.done(user);
  });
  worker.postMessage(job.id);
}

export const handler: Handler<"getUser"> = ({ userId }, signal) => {
  return new Promise((resolve, failed) => {
    const job: Job = {
      id: userId,
      done: ({ name, email }) => resolve({ userId, name, email }),
      failed,
    };
    waiting.push(job);
    signal.addEventListener("abort", () => {
      const at = waiting.indexOf(job);
      if (at >= 0) {
        waiting.splice(at, 1);
      }
      failed(signal.reason);
    });
    next();
  });
};
