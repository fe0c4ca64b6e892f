/** Computes on a core and pauses, in turn, each for a random time, and each time on another core. */
import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { setImmediate, setTimeout } from "node:timers/promises";

/** How long it computes, or pauses, in milliseconds. */
const shortestMs = 200;
const longestMs = 3_000;
/** How long it computes before it looks whether it is still wanted, in milliseconds. */
const sliceMs = 50;

// Nobody holds the other end any more when whoever started it is gone, killed or not.
process.stdin.on("end", () => process.exit()).resume();

for (;;) {
  const core = Math.floor(Math.random() * availableParallelism());
  // Without taskset it is the scheduler that chooses.
  execFile("taskset", ["--cpu-list", "--pid", String(core), String(process.pid)], () => {});
  await compute(randomMs());
  await setTimeout(randomMs());
}

async function compute(ms: number): Promise<void> {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs) {
    const pauseMs = Math.min(untilMs, performance.now() + sliceMs);
    while (performance.now() < pauseMs);
    await setImmediate();
  }
}

function randomMs(): number {
  return shortestMs + Math.random() * (longestMs - shortestMs);
}
