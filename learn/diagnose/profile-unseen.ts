import type { OccasionalProfile } from "./occasional-profile.ts";
import { type Blockage, collectingMs, heldMs, type LoopWatch } from "./watch-loop.ts";

/** Begins a profile when enough has blocked that nobody saw, and may come again. */
export function profileUnseen(
  profile: OccasionalProfile,
  loop: LoopWatch,
  blockages: readonly Blockage[],
): void {
  const unseen = blockages.filter(({ line }) => line === undefined);
  // A collection is seen without a profile.
  const unseenMs = unseen.reduce((sum, one) => sum + heldMs(one) - collectingMs(one), 0);
  if (profile.missed(unseenMs)) {
    // That it began held the loop for a moment, which is no blockage of the program's.
    loop.skip();
  }
}
