import { signal } from "@preact/signals";

/** Up to which moment of the race bars are drawn; Infinity for all there is. */
export const playheadMs = signal(Number.POSITIVE_INFINITY);

const shortestMs = 1_500;
const longestMs = 8_000;

let frame = 0;

/** Draws a race again as it happened, all its bursts at once, a short one in slow motion. */
export function replay(totalMs: number): void {
  cancelAnimationFrame(frame);
  const takesMs = Math.min(longestMs, Math.max(shortestMs, totalMs));
  const beganMs = performance.now();
  const next = () => {
    const part = (performance.now() - beganMs) / takesMs;
    playheadMs.value = part < 1 ? part * totalMs : Number.POSITIVE_INFINITY;
    if (part < 1) {
      frame = requestAnimationFrame(next);
    }
  };
  next();
}

/** Shows all of it again. */
export function endReplay(): void {
  cancelAnimationFrame(frame);
  playheadMs.value = Number.POSITIVE_INFINITY;
}
