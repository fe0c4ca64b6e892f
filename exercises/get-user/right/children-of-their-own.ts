import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { findUserBlocking } from "@unblock/learn/toolbox/database";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "child processes of my own",
  why: "Eight children each have a driver that may block as long as it likes.",
};

if (process.argv[2] === "user-child") {
  process.on("message", (id: number) => {
    try {
      const { name, email } = findUserBlocking(id);
      process.send?.({ name, email });
    } catch (error) {
      process.send?.({ problem: String(error) });
    }
  });
  process.on("disconnect", () => process.exit());
}

interface Job {
  id: number;
  resolve: (user: { name: string; email: string }) => void;
  reject: (reason: unknown) => void;
}

const free: ChildProcess[] = [];
const jobs: Job[] = [];

function start() {
  const child = fork(fileURLToPath(import.meta.url), ["user-child"], {
    env: { NODE_ENV: "production" },
  });
  child.unref();
  child.channel?.unref();
  free.push(child);
}

if (process.argv[2] !== "user-child" && process.send === undefined) {
  for (let n = 0; n < 8; n++) start();
}

function next() {
  const child = jobs.length > 0 ? free.pop() : undefined;
  const job = child && jobs.shift();
  if (!child || !job) return;
  child.once("message", (answer: { name: string; email: string; problem?: string }) => {
    free.push(child);
    if (answer.problem) job.reject(new Error(answer.problem));
    else job.resolve(answer);
    next();
  });
  child.send(job.id);
}

export const handler: Handler<"getUser"> = async ({ userId }, signal) => {
  const { name, email } = await new Promise<{ name: string; email: string }>((resolve, reject) => {
    const job = { id: userId, resolve, reject };
    jobs.push(job);
    signal.addEventListener("abort", () => {
      const at = jobs.indexOf(job);
      if (at >= 0) jobs.splice(at, 1);
      reject(signal.reason);
    });
    next();
  });
  return { userId, name, email };
};
