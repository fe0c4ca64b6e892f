import UPlot from "uplot";
import type { Burst } from "./race-model.ts";

/**
 * What the server felt during a burst, as columns: time, the loop's delay, the bystander's latency,
 * the loop's utilization.
 */
export function stripData({
  loop,
  bystander,
}: Pick<Burst, "loop" | "bystander">): UPlot.AlignedData {
  const delays = growing(
    loop.flatMap(({ atMs, delayMs }) => [
      // It grew from nothing, from the moment at which the look was due.
      { atMs: atMs - delayMs, value: 0 },
      { atMs, value: delayMs },
    ]),
  );
  const latencies = growing(
    bystander.map(({ intendedMs, latencyMs }) => ({ atMs: intendedMs, value: latencyMs })),
  );
  const utilizations = growing([
    // What a look tells holds for the time before it, for the first one from the beginning.
    ...loop.slice(0, 1).map(({ utilization }) => ({ atMs: 0, value: 100 * utilization })),
    ...loop.map(({ atMs, utilization }) => ({ atMs, value: 100 * utilization })),
  ]);
  if (delays[0].length === 0 && latencies[0].length === 0) {
    return [[], [], [], []];
  }
  return UPlot.join([delays, latencies, utilizations]);
}

/** In the order of time, no moment twice: what the chart needs. */
function growing(points: { atMs: number; value: number }[]): [number[], number[]] {
  const times: number[] = [];
  const values: number[] = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { atMs, value } of points.sort((a, b) => a.atMs - b.atMs)) {
    if (atMs > lastMs) {
      times.push(atMs);
      values.push(value);
      lastMs = atMs;
    }
  }
  return [times, values];
}
