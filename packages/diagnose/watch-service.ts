import { monotonicMs } from "@unblock/measure/clock";
import { BlockageTally } from "./blocked-loop.ts";
import { ThrottlingWatch } from "./cpu-throttled.ts";
import type { Diagnosis, DiagnosisWatch } from "./diagnosis.ts";
import { LookupWatch } from "./dns-lookups-queued.ts";
import { SaturatedPoolWatch } from "./libuv-pool-saturated.ts";
import { ThreadsWatch } from "./more-threads-than-cores.ts";
import { PauseWatch } from "./process-paused.ts";
import { OccasionalProfile } from "./profile-witness.ts";
import type { OwnCode } from "./stack.ts";
import { StackSampler } from "./stack-sampler.ts";
import { startWatchThread } from "./start-watch-thread.ts";
import { RejectionWatch } from "./unhandled-rejection.ts";
import { type Witness, watchLoop } from "./watch-loop.ts";
import { WorkerLoopsWatch } from "./worker-loops.ts";

/** Everything that a process can diagnose about itself. */
export interface ServiceWatch {
  readonly beganMs: number;
  /** To be called every {@link roundMs}. */
  round(): Promise<void>;
  /** Diagnoses up to the last round. */
  soFar(): Diagnosis[];
  /** Diagnoses up to now. Blocks for about 20 ms. */
  diagnoses(): Diagnosis[];
  /** Why Node could not load the program; undefined if it could, or while it runs. */
  loadError(): string | undefined;
  /** Stops watching. @returns all diagnoses */
  stop(): Diagnosis[];
}

export const roundMs = 250;

/** Watches this process. To be called in the main thread before the program is loaded. */
export async function watchService(isOwn: OwnCode): Promise<ServiceWatch> {
  const sampler = new StackSampler(isOwn);
  const pauses = new PauseWatch();
  const pool = new SaturatedPoolWatch(isOwn);
  const lookups = new LookupWatch(isOwn, () => threads.hasWorkers);
  const throttling = new ThrottlingWatch();
  await startWatchThread({
    sampler: sampler.data,
    pool: pool.data,
    pauses: pauses.data,
    lookups: lookups.data,
  });
  const workers = new WorkerLoopsWatch(pauses.data);
  const profile = new OccasionalProfile(isOwn);
  const loop = watchLoop(firstOf(sampler, profile), isOwn, pauses);
  const tally = new BlockageTally();
  const threads = new ThreadsWatch(isOwn);
  const rejections = new RejectionWatch(isOwn);
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

  const takeBlockages = (blockages = loop.take()) => {
    tally.add(blockages);
    if (profile.beginIfUseful(blockages)) {
      loop.skip();
    }
  };
  return {
    beganMs: monotonicMs(),
    round: async () => {
      takeBlockages();
      for (const watch of watches) {
        await watch.round?.();
      }
    },
    soFar: () => diagnosesOf(watches),
    loadError: () => rejections.loadError,
    diagnoses: () => {
      takeBlockages(loop.takeAll());
      return diagnosesOf(watches);
    },
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

/** Combines two witnesses: the first is exact if it sees something, the second costs more and sees everything. */
function firstOf(first: Witness, second: Witness): Witness {
  return {
    onTurn: (starvedMs) => {
      first.onTurn(starvedMs);
      second.onTurn(starvedMs);
    },
    take: () => {
      const [one, other] = [first.take(), second.take()];
      return {
        heldBetween: (beganMs, endedMs) =>
          one.heldBetween(beganMs, endedMs) ?? other.heldBetween(beganMs, endedMs),
        afterNativeCode: (beganMs, endedMs) =>
          one.afterNativeCode(beganMs, endedMs) ?? other.afterNativeCode(beganMs, endedMs),
      };
    },
  };
}
