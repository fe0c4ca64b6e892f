/** Thread that sees what the watched thread cannot see while its event loop stands still. */
import { parentPort, workerData } from "node:worker_threads";
import { probeLibuv, probeLookups } from "./libuv-probes.ts";
import { detectPauses } from "./process-paused.ts";
import { sampleLateLoop, samplerCell } from "./stack-sampler-thread.ts";
import type { WatchThreadData } from "./start-watch-thread.ts";

/** Interval of checks whether the program is loaded. */
const loadCheckMs = 20;

const { sampler, pool, pauses, lookups }: WatchThreadData = workerData;
const readPausedMs = pauses === undefined ? () => 0 : detectPauses(pauses);
if (sampler !== undefined) {
  sampleLateLoop(sampler, readPausedMs);
}

/**
 * The first call starts libuv's pool, whose size a program may set by its first statement. So no probe is sent
 * before the program's loop has turned.
 */
function probeWhenLoaded(): void {
  if (sampler !== undefined && Atomics.load(sampler, samplerCell.turnedMs) === 0) {
    setTimeout(probeWhenLoaded, loadCheckMs);
    return;
  }
  if (pool !== undefined) {
    probeLibuv(pool);
    if (lookups !== undefined) {
      probeLookups(lookups, pool);
    }
  }
}

probeWhenLoaded();
parentPort?.postMessage("watching");
