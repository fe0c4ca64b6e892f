import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { hashChain } from "@unblock/learn/toolbox/hash";

export const decision: Decision = {
  strategy: "processes",
  why: "Each core has a process that knows nothing but its path, and computes.",
};

const isChild = process.argv[2] === "child";
if (isChild) {
  process.on("message", ([data, rounds]: [string, number]) =>
    process.send?.(hashChain(data, rounds)),
  );
  process.once("disconnect", () => process.exit());
}

const free: ChildProcess[] = [];
const waiting: ((child: ChildProcess) => void)[] = [];

function add(): void {
  const { PATH } = process.env;
  const child = fork(fileURLToPath(import.meta.url), ["child"], { env: { PATH }, execArgv: [] });
  child.unref();
  child.channel?.unref();
  give(child);
}

function give(child: ChildProcess): void {
  const next = waiting.shift();
  if (next) next(child);
  else free.push(child);
}

async function take(signal: AbortSignal): Promise<ChildProcess> {
  signal.throwIfAborted();
  const child = free.pop();
  if (child) return child;
  const { promise, resolve, reject } = Promise.withResolvers<ChildProcess>();
  waiting.push(resolve);
  const leave = () => {
    waiting.splice(waiting.indexOf(resolve), 1);
    reject(signal.reason);
  };
  signal.addEventListener("abort", leave);
  const got = await promise;
  signal.removeEventListener("abort", leave);
  return got;
}

if (!isChild && process.send === undefined) {
  for (let n = 0; n < availableParallelism(); n++) add();
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  const child = await take(signal);
  try {
    child.send([data, rounds]);
    const [hash] = await once(child, "message", { signal });
    give(child);
    return { hash: String(hash), algorithm: "sha256" };
  } catch (error) {
    child.kill("SIGKILL");
    add();
    throw error;
  }
};
