/**
 * A thread that sees to it that the service ends when its own loop can't: when it takes too much
 * memory, and when whoever checks is gone. And it tells where a loop is that does not turn any more.
 */
import { Session } from "node:inspector";
import { workerData } from "node:worker_threads";
import { createSay } from "./channel.ts";
import { type GuardData, whereSymbol } from "./last-words.ts";

/** Between two looks, in milliseconds: what runs away is not far in that time. */
const everyMs = 100;
/** A loop that has not turned for so many looks may never again. */
const stuckLooks = 40;
const bytesPerMb = 1024 * 1024;

/** What the inspector answers, as far as it is read. */
interface Evaluated {
  readonly result?: { readonly value?: unknown };
}

const { maxMemoryMb, secret, turns }: GuardData = workerData;
const say = createSay(secret);
const parent = process.ppid;
let lastTurns = -1;
let looksAtSame = 0;

setInterval(() => {
  const usedMb = process.memoryUsage.rss() / bytesPerMb;
  if (usedMb > maxMemoryMb) {
    say({ kind: "memory", usedMb });
    process.kill(process.pid, "SIGKILL");
  }
  // An orphan has another parent.
  if (process.ppid !== parent) {
    // With all the processes that it started, as it leads a group of its own.
    process.kill(-process.pid, "SIGKILL");
  }
  const now = Atomics.load(turns, 0);
  looksAtSame = now === lastTurns ? looksAtSame + 1 : 0;
  lastTurns = now;
  if (looksAtSame === stuckLooks) {
    tellWhere();
  }
}, everyMs);

/** V8 lets an inspector in between any two steps of JavaScript, so also in a loop that never ends. */
function tellWhere(): void {
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
