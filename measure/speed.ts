const samples = 3;
const steps = 700_000;

/**
 * Times a fixed piece of computing on this thread, about 1 ms, thrice: the machine's speed at this moment.
 * Two moments compare when nothing else of this process runs.
 *
 * @returns the fastest of the three, in milliseconds
 */
export function timeFixedWork(): number {
  let fastestMs = Number.POSITIVE_INFINITY;
  for (let sample = 0; sample < samples; sample++) {
    const beganMs = performance.now();
    mix();
    fastestMs = Math.min(fastestMs, performance.now() - beganMs);
  }
  return fastestMs;
}

let state = 1;

/** Marsaglia's xorshift; its state is kept, so that nothing of it can be optimised away. */
function mix(): void {
  let x = state;
  for (let step = 0; step < steps; step++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
  }
  state = x;
}
