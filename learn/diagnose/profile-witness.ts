import { type CpuProfile, RunningProfile } from "./cpu-profile.ts";
import type { OwnCode, Stack } from "./stack.ts";
import { Votes } from "./votes.ts";
import type { Evidence, Witness } from "./witness.ts";

/** As V8 calls it where functions have their names. */
const garbageCollector = "(garbage collector)";

/**
 * Sees by a V8 CPU profile, which misses nothing, and costs a busy server 5 to 15 % of its throughput.
 *
 * Its signals cut sleeps of the C library short, so SQLite gives up on a locked database too soon while
 * it runs.
 */
export class ProfileWitness implements Witness {
  readonly #isOwn: OwnCode;
  readonly #sampleMs: number;
  readonly #profile: RunningProfile;

  constructor(isOwn: OwnCode, sampleMs: number) {
    this.#isOwn = isOwn;
    this.#sampleMs = sampleMs;
    this.#profile = new RunningProfile(sampleMs);
  }

  onTurn(): void {}

  take(): Evidence {
    return this.#evidence(this.#profile.take());
  }

  close(): void {
    this.#profile.close();
  }

  #evidence(profile: CpuProfile): Evidence {
    const stacks = new Map<number, Stack>();
    const stackOf = (node: number) => {
      const stack = stacks.get(node) ?? profile.stackOf(node);
      stacks.set(node, stack);
      return stack;
    };
    return {
      heldBetween: (beganMs, endedMs) => {
        const votes = new Votes(this.#isOwn);
        let beforeMs = beganMs;
        for (const { atMs, node } of profile.samples) {
          if (atMs > beganMs && atMs <= endedMs) {
            // Collecting garbage is nobody's, and told apart.
            const stack = stackOf(node);
            // A thread that has no core is not sampled, and what comes then did not last as long.
            const ms = Math.min(atMs - beforeMs, 2 * this.#sampleMs);
            if (stack[0]?.name !== garbageCollector) {
              votes.add(stack, ms);
            }
            beforeMs = atMs;
          }
        }
        return votes.winner();
      },
      // It sees the call itself.
      afterNativeCode: () => undefined,
    };
  }
}
