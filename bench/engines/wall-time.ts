import type { Bench, Finding } from "../harness/bench.ts";
import { spreadOf } from "../harness/spread.ts";
import { type BurstOptions, startBurstServer } from "./bursts.ts";

/** What is not compiled, or not connected, takes several times as long. */
const warmUpBursts = 20;

export interface WallTimeOptions extends BurstOptions {
  readonly part: string;
  /** Those of `npm start`. */
  readonly flags: readonly string[];
  readonly limitMs: number;
  readonly wantedRatio: number;
}

/** How many times its limit a burst takes. */
export async function measureWallTime(
  { step, runs }: Bench,
  { part, flags, limitMs, wantedRatio, ...options }: WallTimeOptions,
): Promise<Finding> {
  const server = await startBurstServer(flags);
  try {
    for (let burst = 0; burst < warmUpBursts; burst++) {
      await server.fire(options);
    }
    const wallMs: number[] = [];
    for (let run = 1; run <= runs; run++) {
      await step(`${part}: ${options.calls} calls at once, ${run} of ${runs}`);
      wallMs.push((await server.fire(options)).wallMs);
    }
    const wall = spreadOf(wallMs);
    const ratio = wall.median / limitMs;
    return {
      part,
      figures: {
        calls: options.calls,
        limit_ms: limitMs,
        wall_ms: wall,
        ratio,
        wanted_ratio: wantedRatio,
      },
      rows: [
        {
          what: `${options.letter}, ${options.strategy}: ${options.calls} calls of ${limitMs} ms at once`,
          measured: `${ratio.toFixed(2)} ×`,
          wanted: `≤ ${wantedRatio.toFixed(2)} ×`,
          reached: ratio <= wantedRatio,
        },
      ],
    };
  } finally {
    await server.close();
  }
}
