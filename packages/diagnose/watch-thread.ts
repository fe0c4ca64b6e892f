/** A thread that sees what the watched thread cannot see while its event loop stands still. */
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { probeLibuv, probeLookups } from "./libuv-probes.ts";
import { detectPauses, type PauseData } from "./process-paused.ts";
import { sampleLateLoop, samplerCell } from "./stack-sampler-thread.ts";

/** Memory by which the watch thread reports; it does nothing for what is undefined. */
interface WatchThreadData {
  readonly sampler?: Int32Array;
  readonly pool?: Int32Array;
  readonly pauses?: PauseData;
  /** Needs `pool` as well. */
  readonly lookups?: Int32Array;
}

/** Timeout for the thread's start; without the thread there is less to see. */
const startMs = 5_000;
/** Interval of checks whether the program is loaded. */
const loadCheckMs = 20;

/** Starts the watch thread, which does not keep the process alive, and resolves when it watches. */
export async function startWatchThread(data: WatchThreadData): Promise<void> {
  const thread = new Worker(import.meta.filename, {
    workerData: data,
    name: "unblock diagnose",
    // The program's own flags would load the program's preloads, or this, once more.
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 32 },
  });
  // An error of the watch thread must not end the program.
  thread.on("error", () => {});
  await once(thread, "message", { signal: AbortSignal.timeout(startMs) }).catch(() => {});
  thread.unref();
}

function watch({ sampler, pool, pauses, lookups }: WatchThreadData): void {
  const readPausedMs = pauses === undefined ? () => 0 : detectPauses(pauses);
  if (sampler !== undefined) {
    sampleLateLoop(sampler, readPausedMs);
  }
  // The first call starts libuv's pool, whose size a program may set by its first statement. So no probe is sent
  // before the program's loop has turned.
  const probeWhenLoaded = () => {
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
  };
  probeWhenLoaded();
}

// This module is also what the thread runs.
if (import.meta.main && !isMainThread) {
  watch(workerData);
  parentPort?.postMessage("watching");
}
