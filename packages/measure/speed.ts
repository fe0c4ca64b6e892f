const samples = 3;
const steps = 700_000;

/**
 * Measures the machine's speed by a fixed piece of computing of about 1 ms on the calling thread. Results can
 * be compared if nothing else of this process runs meanwhile.
 *
 * @returns the fastest of three runs, in milliseconds
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

/** Marsaglia's xorshift. Its state is kept so that the computing cannot be optimised away. */
function mix(): void {
  let x = state;
  for (let step = 0; step < steps; step++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
  }
  state = x;
}
