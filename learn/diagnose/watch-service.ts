import { monotonicMs } from "../../registry/clock.ts";
import { BlockageTally } from "./blocked-loop.ts";
import { BlockedWorkers } from "./blocked-workers.ts";
import { CpuQuota } from "./cpu-quota.ts";
import { diagnoseCrowdedCores } from "./crowded-cores.ts";
import type { Diagnosis } from "./diagnosis.ts";
import { Lookout } from "./lookout.ts";
import { OccasionalProfile } from "./occasional-profile.ts";
import { diagnosePauses } from "./paused-process.ts";
import { Pauses } from "./pauses.ts";
import { PoolCallers } from "./pool-callers.ts";
import { profileUnseen } from "./profile-unseen.ts";
import { diagnoseQueuedLookups } from "./queued-lookups.ts";
import { diagnoseSaturatedPool } from "./saturated-pool.ts";
import type { OwnCode } from "./stack.ts";
import { startWatchThread } from "./start-watch-thread.ts";
import { diagnoseThrottling } from "./throttled-cpu.ts";
import { diagnoseRejections } from "./unhandled-rejection.ts";
import { LibuvPoolWatch } from "./watch-libuv-pool.ts";
import { LookupWatch } from "./watch-lookups.ts";
import { type Blockage, watchLoop } from "./watch-loop.ts";
import { watchRejections } from "./watch-rejections.ts";
import { ThreadsWatch } from "./watch-threads.ts";
import type { Witness } from "./witness.ts";

/** All that a process can tell of itself. */
export interface ServiceWatch {
  readonly beganMs: number;
  /** To be called every {@link roundMs}. */
  round(): Promise<void>;
  /** What was found up to the last round, the worst of each kind first. */
  soFar(): Diagnosis[];
  /** What was found up to now. Blocks for some 20 ms. */
  diagnoses(): Diagnosis[];
  /** Why Node could not load the program; undefined if it could, or while it runs. */
  loadError(): string | undefined;
  /** Ends, and gives what was found in all. */
  stop(): Diagnosis[];
}

/** In milliseconds. */
export const roundMs = 250;

/** Watches this process; to be called in its main thread before the program is loaded. */
export async function watchService(isOwn: OwnCode): Promise<ServiceWatch> {
  const lookout = new Lookout(isOwn);
  const pool = new LibuvPoolWatch();
  const pauses = new Pauses();
  const quota = new CpuQuota();
  const lookups = new LookupWatch(isOwn);
  await startWatchThread({
    lookout: lookout.data,
    canary: pool.data,
    pauses: pauses.data,
    lookups: lookups.data,
  });
  const workers = new BlockedWorkers(pauses.data);
  const profile = new OccasionalProfile(isOwn);
  const loop = watchLoop(either(lookout, profile), isOwn, pauses);
  const tally = new BlockageTally();
  const callers = new PoolCallers(isOwn);
  const threads = new ThreadsWatch(isOwn);
  const rejections = watchRejections(isOwn);

  const take = (blockages: readonly Blockage[]) => {
    tally.add(blockages);
    profileUnseen(profile, loop, blockages);
  };
  const sumUp = () => {
    const crowded = diagnoseCrowdedCores(threads.read());
    // Where threads take the cores from each other, libuv's have none either.
    const saturated = crowded ? undefined : diagnoseSaturatedPool(pool.read(), callers.line());
    const queued =
      saturated || crowded ? undefined : diagnoseQueuedLookups(lookups.read(threads.hasWorkers));
    const rejected = rejections.read().map(diagnoseRejections);
    const paused = diagnosePauses(pauses.read());
    const throttled = diagnoseThrottling(quota.read());
    return [
      paused,
      throttled,
      ...tally.diagnoses(),
      ...workers.diagnoses(),
      saturated,
      queued,
      crowded,
      ...rejected,
    ].filter((diagnosis) => diagnosis !== undefined);
  };

  return {
    beganMs: monotonicMs(),
    round: async () => {
      take(loop.take());
      if (pool.isLate()) {
        callers.listen();
      }
      lookups.round();
      await threads.look();
    },
    soFar: sumUp,
    loadError: rejections.loadError,
    diagnoses: () => {
      take(loop.takeAll());
      return sumUp();
    },
    stop: () => {
      tally.add(loop.takeAll());
      loop.stop();
      profile.close();
      callers.close();
      lookups.close();
      threads.stop();
      rejections.stop();
      lookout.close();
      const diagnoses = sumUp();
      workers.close();
      return diagnoses;
    },
  };
}

/** The first is exact where it sees something, the second costs more and sees everything. */
function either(first: Witness, second: Witness): Witness {
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
