import { Worker } from "node:worker_threads";

/** What the bystander's thread is started with. */
export interface BystanderData {
  readonly baseUrl: string;
}

export type BystanderRequest = "start" | "stop";
/** "ready" once; after each "stop" the latencies in milliseconds. */
export type BystanderMessage = "ready" | readonly number[];

/**
 * Calls Ping every 5 ms while others are served, open loop: each call is timed from the moment it
 * was meant for, so a late loop shows whole. In a thread of its own, so that what it feels is the
 * server and not this process.
 */
export interface Bystander {
  start(): void;
  /** Sends no more, and resolves with the latencies of all since `start`, in milliseconds. */
  stop(): Promise<readonly number[]>;
  close(): Promise<void>;
}

export async function createBystander(baseUrl: string): Promise<Bystander> {
  const data: BystanderData = { baseUrl };
  const worker = new Worker(new URL("./bystander-thread.ts", import.meta.url), {
    workerData: data,
  });
  const next = () => {
    const { promise, resolve, reject } = Promise.withResolvers<BystanderMessage>();
    worker.once("message", resolve);
    worker.once("error", reject);
    return promise.finally(() => worker.off("error", reject));
  };
  const send = (request: BystanderRequest) => worker.postMessage(request);
  await next();
  return {
    start: () => send("start"),
    stop: async () => {
      const answered = next();
      send("stop");
      const latencies = await answered;
      return latencies === "ready" ? [] : latencies;
    },
    close: async () => {
      await worker.terminate();
    },
  };
}
