import { startWorker } from "../../loadtest/worker-process.ts";
import type { Bench, Finding } from "../harness/bench.ts";
import { spreadOf } from "../harness/spread.ts";
import { startBurstServer } from "./bursts.ts";
import { engineUrl } from "./engine-url.ts";

const hashes = 40;
const wantedRatio = 0.65;

/** The same jobs by one worker process, and by two, each with one CPU worker. */
export async function measureWorkers({ step, runs }: Bench): Promise<Finding[]> {
  engineUrl("REDIS_URL");
  const server = await startBurstServer();
  try {
    const wallMs = async (workers: number): Promise<number> => {
      const started = await Promise.all(
        Array.from({ length: workers }, () => startWorker(["--cpu-workers=1"])),
      );
      try {
        const hash = { letter: "C", strategy: "queue" };
        await server.fire({ ...hash, calls: 2 * workers });
        return (await server.fire({ ...hash, calls: hashes })).wallMs;
      } finally {
        await Promise.all(started.map((worker) => worker.close()));
      }
    };
    const one: number[] = [];
    const two: number[] = [];
    for (let run = 1; run <= runs; run++) {
      await step(`workers: ${run} of ${runs}`);
      one.push(await wallMs(1));
      two.push(await wallMs(2));
    }
    const ratio = spreadOf(two.map((ms, run) => ms / (one[run] ?? Number.NaN)));
    return [
      {
        part: "workers",
        figures: {
          hashes,
          one_ms: spreadOf(one),
          two_ms: spreadOf(two),
          ratio,
          wanted_ratio: wantedRatio,
        },
        rows: [
          {
            what: `${hashes} hashes by two worker processes, beside one`,
            measured: `${ratio.median.toFixed(2)} ×`,
            wanted: `≤ ${wantedRatio} ×`,
            reached: ratio.median <= wantedRatio,
          },
        ],
      },
    ];
  } finally {
    await server.close();
  }
}
