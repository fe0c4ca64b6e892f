import { getHeapStatistics, type SyncCPUProfileHandle, startCpuProfile } from "node:v8";
import { monotonicMs } from "@unblock/measure/clock";
import { readProfile } from "./cpu-profile.ts";
import { Votes } from "./point-to.ts";
import type { OwnCode } from "./stack.ts";
import { type Blockage, collectingMs, type Evidence, heldMs, type Witness } from "./watch-loop.ts";

/** V8's name of garbage collection among functions. */
const garbageCollector = "(garbage collector)";

/**
 * Sees what holds the thread by a V8 CPU profile, which misses nothing, also no native call, and costs a busy server
 * 5 to 15 % of its throughput. Its signals interrupt sleeps of the C library, so SQLite gives up on a locked database
 * before its timeout.
 */
export class ProfileWitness implements Witness {
  readonly #isOwn: OwnCode;
  readonly #sampleMs: number;
  #handle: SyncCPUProfileHandle;

  constructor(isOwn: OwnCode, sampleMs: number) {
    this.#isOwn = isOwn;
    this.#sampleMs = sampleMs;
    this.#handle = startCpuProfile({ sampleInterval: sampleMs });
  }

  take(): Evidence {
    // When the first profile begins, V8 walks through the whole heap, which takes seconds if the heap is large.
    // It does not when a profile begins while another runs, so one always runs.
    const old = this.#handle;
    this.#handle = startCpuProfile({ sampleInterval: this.#sampleMs });
    const profile = readProfile(old.stop(), monotonicMs());
    return {
      heldBetween: (beganMs, endedMs) => {
        const votes = new Votes(this.#isOwn);
        let beforeMs = beganMs;
        for (const { atMs, node } of profile.samples) {
          if (atMs > beganMs && atMs <= endedMs) {
            const stack = profile.stackOf(node);
            // A thread without a core is not sampled, and the next sample did not last as long.
            const ms = Math.min(atMs - beforeMs, 2 * this.#sampleMs);
            if (stack[0]?.name !== garbageCollector) {
              votes.add(stack, ms);
            }
            beforeMs = atMs;
          }
        }
        return votes.winner();
      },
    };
  }

  close(): void {
    this.#handle[Symbol.dispose]();
  }
}

const occasionalSampleMs = 10;
/** Unattributed block time that triggers a profile, in milliseconds. */
const triggerMs = 100;
/** Duration of a profile: what blocks a service comes again soon. */
const profileMs = 10_000;
/** Minimum time from the beginning of one profile to that of the next. */
const intervalMs = 60_000;
/** When a profile begins, V8 walks through the heap, which takes some 3 ms per megabyte. */
const beginMsPerByte = 3e-6;
/** Minimum ratio of unattributed block time to that time. */
const minBenefit = 3;

/** Runs a profile after something blocked the loop that no other witness saw. */
export class OccasionalProfile implements Witness {
  readonly #isOwn: OwnCode;
  #running: ProfileWitness | undefined;
  #timer: NodeJS.Timeout | undefined;
  #unseenMs = 0;
  #nextMs = 0;

  constructor(isOwn: OwnCode) {
    this.#isOwn = isOwn;
  }

  /**
   * Counts the time of blockages whose line is unknown, and begins a profile when there is enough of it.
   *
   * @returns whether a profile has begun, which itself holds the loop for a moment
   */
  beginIfUseful(blockages: readonly Blockage[]): boolean {
    for (const blockage of blockages) {
      if (blockage.line === undefined) {
        // A collection is recognised without a profile.
        this.#unseenMs += heldMs(blockage) - collectingMs(blockage);
      }
    }
    const nowMs = monotonicMs();
    const isDue =
      this.#running === undefined && this.#unseenMs >= triggerMs && nowMs >= this.#nextMs;
    const beginMs = isDue ? beginMsPerByte * getHeapStatistics().used_heap_size : 0;
    if (!isDue || this.#unseenMs < minBenefit * beginMs) {
      return false;
    }
    this.#unseenMs = 0;
    this.#running = new ProfileWitness(this.#isOwn, occasionalSampleMs);
    this.#timer = setTimeout(() => this.close(), profileMs).unref();
    this.#nextMs = nowMs + intervalMs;
    return true;
  }

  take(): Evidence | undefined {
    return this.#running?.take();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#running?.close();
    this.#running = undefined;
  }
}
