/**
 * A thread that ends the service when its own loop can't: when it takes too much memory, and when the
 * checker has ended. It also reports where in the learner's file the loop is stuck.
 */
import { Session } from "node:inspector";
import { workerData } from "node:worker_threads";
import { createSay } from "./channel.ts";
import { type GuardData, whereSymbol } from "./last-words.ts";

const pollMs = 100;
/** Polls without a turn of the loop after which it is stuck. */
const stuckPolls = 40;
const bytesPerMb = 1024 * 1024;

interface Evaluated {
  readonly result?: { readonly value?: unknown };
}

const { maxMemoryMb, secret, turns }: GuardData = workerData;
const say = createSay(secret);
const parent = process.ppid;
let lastTurns = -1;
let pollsAtSame = 0;

setInterval(() => {
  const usedMb = process.memoryUsage.rss() / bytesPerMb;
  if (usedMb > maxMemoryMb) {
    say({ kind: "memory", usedMb });
    process.kill(process.pid, "SIGKILL");
  }
  // An orphan gets another parent.
  if (process.ppid !== parent) {
    // With its process group, which includes what it started.
    process.kill(-process.pid, "SIGKILL");
  }
  const now = Atomics.load(turns, 0);
  pollsAtSame = now === lastTurns ? pollsAtSame + 1 : 0;
  lastTurns = now;
  if (pollsAtSame === stuckPolls) {
    reportWhere();
  }
}, pollMs);

/** The inspector can interrupt JavaScript anywhere, even in an endless loop. */
function reportWhere(): void {
  const session = new Session();
  session.connectToMainThread();
  const expression = `globalThis[Symbol.for(${JSON.stringify(whereSymbol)})]?.()`;
  session.post("Runtime.evaluate", { expression }, (_, answer?: Evaluated) => {
    const line = answer?.result?.value;
    if (typeof line === "number") {
      say({ kind: "stuck", line });
    }
    session.disconnect();
  });
}
