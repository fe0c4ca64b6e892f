import type { Page } from "playwright-core";

export interface Frames {
  readonly framesPerSecond: number;
  /** Between two frames. */
  readonly longestGapMs: number;
  /** Of the tasks that browsers call long, 50 ms and more; 0 when there was none. */
  readonly longestTaskMs: number;
}

/** Counts what the page draws from now on, until what it gives back is called. */
export async function watchFrames(page: Page): Promise<() => Promise<Frames>> {
  const handle = await page.evaluateHandle(() => {
    const frames: number[] = [];
    let longestTaskMs = 0;
    const tasks = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        longestTaskMs = Math.max(longestTaskMs, duration);
      }
    });
    tasks.observe({ type: "longtask" });
    const next = (atMs: number) => {
      frames.push(atMs);
      frame = requestAnimationFrame(next);
    };
    let frame = requestAnimationFrame(next);
    return () => {
      cancelAnimationFrame(frame);
      tasks.disconnect();
      const gaps = frames.slice(1).map((atMs, index) => atMs - (frames[index] ?? atMs));
      const tookMs = gaps.reduce((sum, gap) => sum + gap, 0);
      return {
        framesPerSecond: Math.round((1_000 * gaps.length) / tookMs),
        longestGapMs: Math.round(Math.max(...gaps)),
        longestTaskMs: Math.round(longestTaskMs),
      };
    };
  });
  return () => handle.evaluate((stop) => stop());
}
