import { EventEmitter, once } from "node:events";
import { Worker } from "node:worker_threads";

export interface ProbeCall {
  /** Intended moment, on the machine's monotonic clock. */
  readonly intendedMs: number;
  readonly latencyMs: number;
}

export type ProbeRequest = "start" | "stop";
/** "ready" once; each call when it ends; "stopped" after each "stop", once all calls have ended. */
export type ProbeMessage = "ready" | ProbeCall | "stopped";

/**
 * The probe: calls Ping every 5 ms, open loop, while a burst runs. Latency counts from the intended
 * moment, so a blocked server shows in full. It runs in its own thread, so that it measures the server
 * and not this process.
 */
export interface Probe {
  /** @param onCall called for each call when it ends */
  start(onCall?: (call: ProbeCall) => void): void;
  /** Stops sending. Resolves with the latencies of all calls since `start`, in milliseconds. */
  stop(): Promise<readonly number[]>;
  close(): Promise<void>;
}

/**
 * Starts and connects a probe, without a time limit.
 *
 * @param baseUrl a server on this machine; its certificate is not checked
 * @param signal when aborted before the probe is connected, this rejects and the thread ends
 */
export async function createProbe(baseUrl: string, signal?: AbortSignal): Promise<Probe> {
  const worker = new Worker(new URL("./probe-thread.ts", import.meta.url), { workerData: baseUrl });
  const replies = new EventEmitter();
  let latenciesMs: number[] = [];
  let report: ((call: ProbeCall) => void) | undefined;
  worker.on("message", (message: ProbeMessage) => {
    if (typeof message === "string") {
      replies.emit(message);
    } else {
      latenciesMs.push(message.latencyMs);
      report?.(message);
    }
  });
  const ended = once(worker, "exit").then(() => {
    throw new Error("The thread of the probe ended");
  });
  ended.catch(() => {});
  const reply = (message: "ready" | "stopped") => Promise.race([once(replies, message), ended]);
  const send = (request: ProbeRequest) => worker.postMessage(request);
  const terminate = () => void worker.terminate();
  signal?.addEventListener("abort", terminate, { once: true });
  await reply("ready");
  signal?.removeEventListener("abort", terminate);
  return {
    start: (onCall) => {
      latenciesMs = [];
      report = onCall;
      send("start");
    },
    stop: async () => {
      const stopped = reply("stopped");
      send("stop");
      await stopped;
      return latenciesMs;
    },
    close: async () => {
      await worker.terminate();
    },
  };
}
