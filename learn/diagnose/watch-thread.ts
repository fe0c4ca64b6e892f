/** A thread that sees what the watched one can't see while it stands still. */
import { parentPort, workerData } from "node:worker_threads";
import { sendCanaries } from "./canary.ts";
import { lookOut } from "./lookout-loop.ts";
import { probeLookups } from "./lookup-probe.ts";
import { lookForPauses } from "./pause-lookout.ts";
import { lookoutCell, type WatchThreadData } from "./watch-thread-data.ts";

/** Interval at which it is seen whether the program is loaded, in milliseconds. */
const loadingMs = 20;

const { lookout, canary, pauses, lookups }: WatchThreadData = workerData;
const readPausedMs = pauses === undefined ? () => 0 : lookForPauses(pauses);
if (lookout !== undefined) {
  lookOut(lookout, readPausedMs);
}
const probePool = () => {
  if (canary !== undefined) {
    sendCanaries(canary);
    if (lookups !== undefined) {
      probeLookups(lookups, canary);
    }
  }
};
/**
 * The first call settles how many threads the pool has, and a program can still say so in its first
 * statement. So nothing is called until its loop has turned.
 */
const probeWhenLoaded = () => {
  if (lookout === undefined || Atomics.load(lookout.cells, lookoutCell.turnedMs) !== 0) {
    probePool();
  } else {
    setTimeout(probeWhenLoaded, loadingMs);
  }
};
probeWhenLoaded();
parentPort?.postMessage("watching");
