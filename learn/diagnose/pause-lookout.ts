import { monotonicMs } from "../../registry/clock.ts";
import { isStarvationKnown, openCrowding, openStarvation } from "./starvation.ts";
import { type PauseData, pauseCell, pauseSpans } from "./watch-thread-data.ts";

const lookMs = 20;
/** A shorter time is no pause: the disk or the machine can hold a thread up that long, in milliseconds. */
const leastMs = 200;

/** On a machine without a free core more than that can hold it up. */
const leastCrowdedMs = 1_000;

/**
 * Notes when all of the process stood still. This thread never waits for anything but its timer, so when
 * it is late, had no CPU time and was not waiting for a core, it was not allowed to run.
 *
 * @returns looks at once, and gives the time of all pauses so far in milliseconds
 */
export function lookForPauses({ cells, times }: PauseData): () => number {
  // Without it a busy machine would look the same.
  if (!isStarvationKnown()) {
    return () => 0;
  }
  const readStarvedMs = openStarvation();
  const readCrowdedMs = openCrowding();
  const readClocks = () => {
    const { user, system } = process.threadCpuUsage();
    const all = process.cpuUsage();
    return {
      atMs: monotonicMs(),
      // What the thread had or could have had of a core.
      runnableMs: (user + system) / 1_000 + readStarvedMs(),
      allCpuMs: (all.user + all.system) / 1_000,
      crowdedMs: readCrowdedMs(),
    };
  };
  let before = readClocks();
  const look = () => {
    const now = readClocks();
    const ms = now.atMs - before.atMs - lookMs - (now.runnableMs - before.runnableMs);
    const isCrowded = (now.crowdedMs - before.crowdedMs) * 2 >= ms;
    // Other threads run as soon as it goes on, and none does while it is paused.
    const isStill = (now.allCpuMs - before.allCpuMs) * 4 < ms;
    before = now;
    if (ms >= (isCrowded ? leastCrowdedMs : leastMs) && isStill) {
      note({ cells, times }, ms, now.atMs);
    }
    times[0] = now.atMs;
    Atomics.add(cells, pauseCell.looks, 1);
    Atomics.notify(cells, pauseCell.looks);
    return times[1] ?? 0;
  };
  setInterval(look, lookMs);
  return look;
}

function note({ cells, times }: PauseData, ms: number, endedMs: number): void {
  const count = Atomics.load(cells, pauseCell.count);
  const [, totalMs = 0, longestMs = 0] = times;
  times.set([totalMs + ms, Math.max(longestMs, ms)], 1);
  times.set([endedMs - ms, endedMs], 3 + 2 * (count % pauseSpans));
  Atomics.store(cells, pauseCell.count, count + 1);
}
