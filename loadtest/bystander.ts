import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** What the bystander's thread is started with. */
export interface BystanderData {
  readonly baseUrl: string;
}

/** One call of Ping. */
export interface BystanderCall {
  /** The moment it was meant for, on the machine's monotonic clock. */
  readonly intendedMs: number;
  readonly latencyMs: number;
}

export type BystanderRequest = "start" | "stop";
/** "ready" once; each call when it has ended; "stopped" after each "stop" when all have. */
export type BystanderMessage = "ready" | BystanderCall | "stopped";

/**
 * Calls Ping every 5 ms while others are served, open loop: each call is timed from the moment it
 * was meant for, so a late loop shows whole. In a thread of its own, so that what it feels is the
 * server and not this process.
 */
export interface Bystander {
  /** @param onCall told of each call when it has ended */
  start(onCall?: (call: BystanderCall) => void): void;
  /** Sends no more, and resolves with the latencies of all since `start`, in milliseconds. */
  stop(): Promise<readonly number[]>;
  close(): Promise<void>;
}

/**
 * Connects a bystander, however long that takes.
 *
 * @param baseUrl a server of this machine, whose certificate is taken as it is
 * @param signal when it aborts before the bystander is connected, this rejects, and nothing is left
 */
export async function createBystander(baseUrl: string, signal?: AbortSignal): Promise<Bystander> {
  const data: BystanderData = { baseUrl };
  const worker = new Worker(new URL("./bystander-thread.ts", import.meta.url), {
    workerData: data,
  });
  let latenciesMs: number[] = [];
  let tell: ((call: BystanderCall) => void) | undefined;
  let onAnswer = () => {};
  worker.on("message", (message: BystanderMessage) => {
    if (typeof message === "string") {
      onAnswer();
      return;
    }
    latenciesMs.push(message.latencyMs);
    tell?.(message);
  });
  const answer = () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    onAnswer = resolve;
    worker.once("error", reject);
    return promise.finally(() => worker.off("error", reject));
  };
  const send = (request: BystanderRequest) => worker.postMessage(request);
  const giveUp = () => void worker.terminate();
  signal?.addEventListener("abort", giveUp, { once: true });
  const left = once(worker, "exit").then(() => {
    throw new Error("The bystander's thread ended before it was connected");
  });
  await Promise.race([answer(), left]);
  left.catch(() => {});
  signal?.removeEventListener("abort", giveUp);
  return {
    start: (onCall) => {
      latenciesMs = [];
      tell = onCall;
      send("start");
    },
    stop: async () => {
      const stopped = answer();
      send("stop");
      await stopped;
      return latenciesMs;
    },
    close: async () => {
      await worker.terminate();
    },
  };
}
