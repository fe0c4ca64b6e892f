import { type ChildProcess, fork } from "node:child_process";
import { hash as digest } from "node:crypto";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "processes",
  why: "Processes share nothing, so nothing slows them down.",
};

interface Work {
  readonly data: string;
  readonly rounds: number;
}

if (process.argv[2] === "--hash-child") {
  process.on("message", ({ data, rounds }: Work) => {
    let bytes = digest("sha256", Buffer.from(data), "buffer");
    for (let round = 1; round < rounds; round++) bytes = digest("sha256", bytes, "buffer");
    process.send?.(bytes.toString("hex"));
  });
  process.on("disconnect", () => process.exit());
}

const idle: ChildProcess[] = [];
const waiting: (() => void)[] = [];
let busy = 0;

function start(): ChildProcess {
  const child = fork(fileURLToPath(import.meta.url), ["--hash-child"]);
  child.unref();
  child.channel?.unref();
  return child;
}

async function turn(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (busy < availableParallelism()) {
    busy++;
    return;
  }
  await new Promise<void>((resolve, reject) => {
    waiting.push(resolve);
    signal.addEventListener("abort", () => {
      const at = waiting.indexOf(resolve);
      if (at >= 0) {
        waiting.splice(at, 1);
        reject(signal.reason);
      }
    });
  });
}

function done(): void {
  const next = waiting.shift();
  if (next) next();
  else busy--;
}

function compute(child: ChildProcess, work: Work, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      child.off("message", onMessage).off("error", reject).off("exit", onExit);
      signal.removeEventListener("abort", kill);
      settle();
    };
    const kill = () => {
      child.kill("SIGKILL");
      finish(() => reject(signal.reason));
    };
    const onExit = (code: number | null) =>
      finish(() => reject(new Error(`the child ended with ${code}`)));
    const onMessage = (hash: unknown) =>
      finish(() => {
        idle.push(child);
        resolve(String(hash));
      });
    child.once("message", onMessage).once("error", reject).once("exit", onExit);
    signal.addEventListener("abort", kill);
    child.send(work);
  });
}

export const handler: Handler<"computeHash"> = async ({ data, rounds }, signal) => {
  await turn(signal);
  try {
    signal.throwIfAborted();
    let child = idle.pop();
    while (child && !child.connected) child = idle.pop();
    child ??= start();
    return { hash: await compute(child, { data, rounds }, signal), algorithm: "sha256" };
  } finally {
    done();
  }
};
