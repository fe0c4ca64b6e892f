import { createRandom } from "@unblock/loadtest/run/schedule";

/** How many cores are needed so that 99 % of hashes of 100 ms start within 100 ms? */
const hashMs = 100;
const wantedWaitMs = 100;
const jobs = 200_000;

for (const callsPerSecond of [10, 100, 1_000]) {
  const busy = (callsPerSecond * hashMs) / 1_000;
  let cores = Math.ceil(busy);
  while (p99WaitMs(callsPerSecond, cores) > wantedWaitMs) {
    cores++;
  }
  const percent = Math.round((100 * busy) / cores);
  console.log(
    `${callsPerSecond} hashes per second need ${cores} cores (busy: ${busy}, or ${percent} %)`,
  );
}

/** Simulates calls that arrive independently; the first free core takes the first call. */
function p99WaitMs(callsPerSecond: number, cores: number): number {
  const random = createRandom(1);
  const freeAtMs = new Float64Array(cores);
  const waitsMs = new Float64Array(jobs);
  let nowMs = 0;
  for (let job = 0; job < jobs; job++) {
    nowMs += (-Math.log(1 - random()) / callsPerSecond) * 1_000;
    // All take the same time, so cores become free in the order in which they were taken.
    const core = job % cores;
    const startMs = Math.max(nowMs, freeAtMs[core] ?? 0);
    freeAtMs[core] = startMs + hashMs;
    waitsMs[job] = startMs - nowMs;
  }
  return waitsMs.sort()[Math.floor(jobs * 0.99)] ?? 0;
}
