import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";

export const decision: Decision = {
  strategy: "processes",
  why: "A child process for each core computes one hash at a time, and ends with this one.",
};

interface Job {
  readonly data: string;
  readonly rounds: number;
  readonly done: (hash: string) => void;
}

const idle: ChildProcess[] = [];
const waiting: Job[] = [];

if (process.argv[2] === "hashes") {
  process.on("message", ({ data, rounds }: Job) => process.send?.(hashChain(data, rounds)));
} else if (isMainThread) {
  for (let n = 0; n < availableParallelism(); n++) {
    start();
  }
}

function start(): void {
  const child = fork(fileURLToPath(import.meta.url), ["hashes"]);
  child.unref();
  child.channel?.unref();
  idle.push(child);
  next();
}

function next(): void {
  const child = waiting.length > 0 ? idle.pop() : undefined;
  const job = child && waiting.shift();
  if (!child || !job) {
    return;
  }
  running.set(job, child);
  child.once("message", (hash) => {
    // Not from a child that was killed when its hash was on its way.
    if (!running.delete(job)) {
      return;
    }
    idle.push(child);
    job.done(String(hash));
    next();
  });
  child.send({ data: job.data, rounds: job.rounds });
}

const running = new Map<Job, ChildProcess>();

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const { promise, resolve: done, reject } = Promise.withResolvers<string>();
  const job = { data, rounds, done };
  signal.addEventListener("abort", () => {
    const at = waiting.indexOf(job);
    if (at >= 0) {
      waiting.splice(at, 1);
    } else if (running.get(job)?.kill("SIGKILL")) {
      running.delete(job);
      start();
    }
    reject(signal.reason);
  });
  waiting.push(job);
  next();
  return { hash: await promise, algorithm: "sha256" };
};
