import type { Bench, Finding } from "../harness/bench.ts";
import { engineUrl } from "./engine-url.ts";
import { measureWallTime } from "./wall-time.ts";

/** A with libpq, whose calls block, on a thread each. */
export async function measureDatabase(bench: Bench): Promise<Finding[]> {
  engineUrl("DATABASE_URL");
  const a = { part: "database", letter: "A", strategy: "threads", limitMs: 50 };
  return [
    await measureWallTime(bench, { ...a, calls: 10, flags: [], wantedRatio: 1.25 }),
    await measureWallTime(bench, {
      ...a,
      calls: 64,
      flags: ["--blocking-threads=64"],
      wantedRatio: 1.5,
    }),
  ];
}
