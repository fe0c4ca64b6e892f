import { type Bench, connections, type Finding } from "../harness/bench.ts";
import { clientCommand, runClient } from "../harness/load-client.ts";
import { spreadOf } from "../harness/spread.ts";
import { loadOf, startBenchServer } from "./servers.ts";

const calls = 100;
/** What each call takes, and so the least that all of them at once can take. */
const limitMs = 10;
const wantedAddedMs = 10;
const runLimitMs = 60_000;

/** 100 calls at once, each of 10 ms: how much longer than 10 ms they take together. */
export async function measureBurst(bench: Bench): Promise<Finding[]> {
  const server = await startBenchServer("delaying", bench.pinning);
  try {
    const wallMs: number[] = [];
    for (let run = 0; run < bench.runs; run++) {
      await bench.step(`burst: ${run + 1} of ${bench.runs}`);
      // The first call of a program compiles what the others run, and nobody asks for that here.
      const flags = ["--concurrency", String(calls), "--requests", String(calls), "--warmup", "1s"];
      const command = bench.pinning.client(clientCommand(loadOf(server.url, connections, flags)));
      wallMs.push((await runClient(command, runLimitMs)).report.total / 1e6);
    }
    const wall = spreadOf(wallMs);
    const addedMs = wall.median - limitMs;
    return [
      {
        part: "burst",
        figures: {
          calls,
          limit_ms: limitMs,
          wall_ms: wall,
          added_ms: addedMs,
          wanted_added_ms: wantedAddedMs,
        },
        rows: [
          {
            what: `${calls} calls of ${limitMs} ms at once, beyond ${limitMs} ms`,
            measured: `${addedMs.toFixed(1)} ms`,
            wanted: `≤ ${wantedAddedMs} ms`,
            reached: addedMs <= wantedAddedMs,
          },
        ],
      },
    ];
  } finally {
    await server.close();
  }
}
