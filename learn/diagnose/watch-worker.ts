import { BroadcastChannel, getEnvironmentData, threadId } from "node:worker_threads";
import { OccasionalProfile } from "./occasional-profile.ts";
import { isOwnCode, shownPath } from "./own-code.ts";
import { Pauses } from "./pauses.ts";
import { profileUnseen } from "./profile-unseen.ts";
import { type Blockage, watchLoop } from "./watch-loop.ts";
import {
  type WorkerReport,
  type WorkerWatchData,
  workerChannel,
  workerDataKey,
} from "./worker-data.ts";

/** Interval between reports, in milliseconds. */
const roundMs = 250;

/** Watches the event loop of the worker thread that calls it, and reports what blocks it to the main thread. */
export function watchWorker(): void {
  const data = getEnvironmentData(workerDataKey);
  if (!isWatchData(data)) {
    return;
  }
  const profile = new OccasionalProfile(isOwnCode);
  const loop = watchLoop(profile, isOwnCode, new Pauses(data.pauses));
  let channel: BroadcastChannel | undefined;
  const report = (blockages: readonly Blockage[]) => {
    profileUnseen(profile, loop, blockages);
    if (blockages.length > 0) {
      channel ??= openChannel();
      const file = shownPath(process.argv[1] ?? "");
      const message: WorkerReport = { threadId, file, blockages };
      channel.postMessage(message);
    }
  };
  setInterval(() => report(loop.take()), roundMs).unref();
  process.once("exit", () => report(loop.takeAll()));
}

/** Nothing is there when the main thread is not watched. */
function isWatchData(data: unknown): data is WorkerWatchData {
  return typeof data === "object" && data !== null && "pauses" in data;
}

function openChannel(): BroadcastChannel {
  const channel = new BroadcastChannel(workerChannel);
  channel.unref();
  return channel;
}
