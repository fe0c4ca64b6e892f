import { BroadcastChannel, getEnvironmentData, threadId } from "node:worker_threads";
import { OccasionalProfile } from "./occasional-profile.ts";
import { isOwnCode, shownPath } from "./own-code.ts";
import { Pauses } from "./pauses.ts";
import { profileUnseen } from "./profile-unseen.ts";
import { type LoopWatch, watchLoop } from "./watch-loop.ts";
import {
  type WorkerReport,
  type WorkerWatchData,
  workerChannel,
  workerDataKey,
} from "./worker-data.ts";

/** Interval at which it is seen whether the thread serves, and between reports, in milliseconds. */
const roundMs = 250;

/**
 * Watches the event loop of the worker thread that calls it, once that serves: it listens on a port, and has
 * a connection. Then others wait for the loop, as for the main thread's. A thread that computes or waits for
 * one task at a time is there for just that, and is left alone.
 */
export function watchWorker(): void {
  const data = getEnvironmentData(workerDataKey) as WorkerWatchData | undefined;
  if (data === undefined) {
    return;
  }
  const profile = new OccasionalProfile(isOwnCode);
  const pauses = new Pauses(data.pauses);
  let loop: LoopWatch | undefined;
  let channel: BroadcastChannel | undefined;

  const report = (take: (loop: LoopWatch) => ReturnType<LoopWatch["take"]>) => {
    if (loop === undefined) {
      return;
    }
    const blockages = take(loop);
    profileUnseen(profile, loop, blockages);
    if (blockages.length > 0) {
      channel ??= openChannel();
      const file = shownPath(process.argv[1] ?? "");
      const message: WorkerReport = { threadId, file, blockages };
      channel.postMessage(message);
    }
  };
  setInterval(() => {
    if (loop === undefined && isServing()) {
      loop = watchLoop(profile, isOwnCode, pauses);
    }
    report((one) => one.take());
  }, roundMs).unref();
  process.once("exit", () => report((one) => one.takeAll()));
}

function openChannel(): BroadcastChannel {
  const channel = new BroadcastChannel(workerChannel);
  channel.unref();
  return channel;
}

function isServing(): boolean {
  const active = process.getActiveResourcesInfo();
  return active.includes("TCPServerWrap") && active.includes("TCPSocketWrap");
}
