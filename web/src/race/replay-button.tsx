import { replay } from "./playhead.ts";
import { lastMomentMs, type Race } from "./race-model.ts";

/** Nothing moves by itself: who wants to see the race again asks for it. */
export function ReplayButton({ race }: { readonly race: Race }) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    return null;
  }
  return (
    <button type="button" onClick={() => replay(lastMomentMs(race))}>
      Replay, all at once
    </button>
  );
}
