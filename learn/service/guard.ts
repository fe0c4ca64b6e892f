import { Worker } from "node:worker_threads";
import { lineOfCaller } from "./own-line.ts";

/** What the guard is started with. */
export interface GuardData {
  readonly mostMemoryMb: number;
  /** What begins each message. */
  readonly secret: string;
  /** Counts how often the main thread's loop has turned. */
  readonly turns: Int32Array;
}

/** Under this symbol the main thread has a function that says where in the learner's file it is. */
export const whereSymbol = "unblock learn: where";
/** Less often than the guard looks, in milliseconds. */
const turnMs = 50;

/** Starts the thread that guards this one. */
export function startGuard(fileUrl: string, mostMemoryMb: number, secret: string): void {
  const turns = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  setInterval(() => Atomics.add(turns, 0, 1), turnMs).unref();
  Object.defineProperty(globalThis, Symbol.for(whereSymbol), {
    value: () => lineOfCaller(fileUrl),
  });
  const data: GuardData = { mostMemoryMb, secret, turns };
  new Worker(new URL("./guard-thread.ts", import.meta.url), { workerData: data }).unref();
}
