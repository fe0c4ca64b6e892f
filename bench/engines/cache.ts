import type { Bench, Finding } from "../harness/bench.ts";
import { engineUrl } from "./engine-url.ts";
import { measureWallTime } from "./wall-time.ts";

/** E, over the one connection to a Redis that is 10 ms away. */
export async function measureCache(bench: Bench): Promise<Finding[]> {
  engineUrl("REDIS_URL");
  const e = { part: "cache", letter: "E", strategy: "async", limitMs: 10, flags: [] };
  return [
    await measureWallTime(bench, { ...e, calls: 100, wantedRatio: 3.5 }),
    await measureWallTime(bench, { ...e, calls: 1_000, wantedRatio: 12 }),
  ];
}
