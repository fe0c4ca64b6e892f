import { monotonicMs } from "@unblock/measure/clock";
import { BlockageTally } from "./blocked-loop.ts";
import { ThrottlingWatch } from "./cpu-throttled.ts";
import type { Diagnosis, DiagnosisWatch } from "./diagnosis.ts";
import { LookupWatch } from "./dns-lookups-queued.ts";
import { SaturatedPoolWatch } from "./libuv-pool-saturated.ts";
import { ThreadsWatch } from "./more-threads-than-cores.ts";
import { PauseWatch } from "./process-paused.ts";
import { OccasionalProfile } from "./profile-witness.ts";
import { isOwnCode } from "./stack.ts";
import { StackSampler } from "./stack-sampler.ts";
import { RejectionWatch } from "./unhandled-rejection.ts";
import { type Blockage, watchLoop } from "./watch-loop.ts";
import { startWatchThread } from "./watch-thread.ts";
import { WorkerLoopsWatch } from "./worker-loops.ts";

export const roundMs = 250;

/**
 * Watches everything that a process can diagnose about itself. To be called in the main thread before the program is
 * loaded.
 */
export async function watchService() {
  const sampler = new StackSampler();
  const pauses = new PauseWatch();
  const pool = new SaturatedPoolWatch();
  const lookups = new LookupWatch(() => threads.hasWorkers);
  const throttling = new ThrottlingWatch();
  await startWatchThread({
    sampler: sampler.data,
    pool: pool.data,
    pauses: pauses.data,
    lookups: lookups.data,
  });
  const workers = new WorkerLoopsWatch(pauses.data);
  const profile = new OccasionalProfile();
  // The sampler is exact if it sees something; the profile costs more and sees everything.
  const loop = watchLoop([sampler, profile], isOwnCode, pauses);
  const tally = new BlockageTally();
  // Opened after the watch thread has started, so that it is not watched as one of the program's.
  const threads = new ThreadsWatch();
  const rejections = new RejectionWatch();
  /** In the order of the report. */
  const watches: readonly DiagnosisWatch[] = [
    pauses,
    throttling,
    tally,
    workers,
    pool,
    lookups,
    threads,
    rejections,
  ];

  const addBlockages = (blockages: readonly Blockage[]) => {
    tally.add(blockages);
    if (profile.beginIfUseful(blockages)) {
      loop.skip();
    }
  };
  return {
    beganMs: monotonicMs(),
    /** To be called every {@link roundMs}. */
    round: async () => {
      addBlockages(loop.take());
      for (const watch of watches) {
        await watch.round?.();
      }
    },
    /** Diagnoses up to the last round. */
    soFar: () => diagnosesOf(watches),
    /** Diagnoses up to now. Blocks for about 20 ms. */
    diagnoses: () => {
      addBlockages(loop.takeAll());
      return diagnosesOf(watches);
    },
    /** Why Node could not load the program; undefined if it could, or while it runs. */
    loadError: () => rejections.loadError,
    /** Stops watching. @returns all diagnoses */
    stop: () => {
      tally.add(loop.takeAll());
      loop.stop();
      profile.close();
      for (const watch of watches) {
        watch.stop?.();
      }
      sampler.close();
      return diagnosesOf(watches);
    },
  };
}

function diagnosesOf(watches: readonly DiagnosisWatch[]): Diagnosis[] {
  const found = watches.map((watch) => ({ watch, diagnoses: watch.diagnoses() }));
  const names = new Set(found.flatMap(({ diagnoses }) => diagnoses.map(({ name }) => name)));
  return found.flatMap(({ watch: { explainedBy = [] }, diagnoses }) =>
    explainedBy.some((name) => names.has(name)) ? [] : diagnoses,
  );
}
