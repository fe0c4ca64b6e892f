import { type Bench, connections, type Finding, inFlight, type Load } from "../harness/bench.ts";
import { clientCommand, runClient } from "../harness/load-client.ts";
import { createEchoTarget, startEchoServer } from "./servers.ts";

const fewCalls = 500_000;
const manyCalls = 5_000_000;
const bytesPerMb = 1e6;
const wantedGrowthMb = 10;
/** Five million at 4,000 a second, and the slowest machine should do better. */
const runLimitMs = 1_250_000;

/** What the heap holds after many calls and after few, when it has been collected. */
export async function measureMemory(bench: Bench): Promise<Finding[]> {
  using target = createEchoTarget();
  const server = await startEchoServer("unblock", bench.pinning);
  try {
    let calls = 0;
    const heapMbAfter = async (wanted: number) => {
      await bench.step(`memory: ${wanted.toLocaleString("en")} calls`);
      const flags = ["--concurrency", String(inFlight), "--requests", String(wanted - calls)];
      const load: Load = { url: server.url, target, connections, flags };
      await runClient(bench.pinning.client(clientCommand(load)), runLimitMs);
      calls = wanted;
      return (await server.ask<number>("heapBytes")) / bytesPerMb;
    };
    const fewMb = await heapMbAfter(fewCalls);
    return [findingOf(fewMb, await heapMbAfter(manyCalls))];
  } finally {
    await server.close();
  }
}

function findingOf(fewMb: number, manyMb: number): Finding {
  const growthMb = manyMb - fewMb;
  return {
    part: "memory",
    figures: {
      few_calls: fewCalls,
      few_calls_heap_mb: fewMb,
      many_calls: manyCalls,
      many_calls_heap_mb: manyMb,
      growth_mb: growthMb,
      wanted_growth_mb: wantedGrowthMb,
    },
    rows: [
      {
        what: `the heap after 5,000,000 calls ${manyMb.toFixed(1)} MB, after 500,000 ${fewMb.toFixed(1)} MB`,
        measured: `+${growthMb.toFixed(1)} MB`.replace("+-", "−"),
        wanted: `≤ ${wantedGrowthMb} MB`,
        reached: growthMb <= wantedGrowthMb,
      },
    ],
  };
}
