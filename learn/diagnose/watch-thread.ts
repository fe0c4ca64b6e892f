/** A thread that sees what the watched one can't see while it stands still. */
import { parentPort, workerData } from "node:worker_threads";
import { sendCanaries } from "./canary.ts";
import { lookOut } from "./lookout-loop.ts";
import { probeLookups } from "./lookup-probe.ts";
import { lookForPauses } from "./pause-lookout.ts";
import type { WatchThreadData } from "./watch-thread-data.ts";

const { lookout, canary, pauses, lookups }: WatchThreadData = workerData;
const readPausedMs = pauses === undefined ? () => 0 : lookForPauses(pauses);
if (lookout !== undefined) {
  lookOut(lookout, readPausedMs);
}
if (canary !== undefined) {
  sendCanaries(canary);
  if (lookups !== undefined) {
    probeLookups(lookups, canary);
  }
}
parentPort?.postMessage("watching");
