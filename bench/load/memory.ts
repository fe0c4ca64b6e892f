import { type Bench, connections, type Finding, inFlight } from "../harness/bench.ts";
import { clientCommand, runClient, tellPeakMemory } from "../harness/load-client.ts";
import { loadOf, startBenchServer } from "./servers.ts";

const fewCalls = 100_000;
const manyCalls = 10_000_000;
const bytesPerMb = 1e6;
const wantedGrowthMb = 50;
/** Ten million at 4,000 a second, and the slowest machine should do better. */
const runLimitMs = 2_500_000;

/** The client's peak memory after many calls and after few. */
export async function measureMemory(bench: Bench): Promise<Finding[]> {
  const server = await startBenchServer("null", bench.pinning);
  const peakMb = async (calls: number) => {
    const flags = ["--concurrency", String(inFlight), "--requests", String(calls)];
    const command = bench.pinning.client(
      clientCommand(loadOf(server.url, connections, flags), tellPeakMemory),
    );
    const { extra } = await runClient(command, runLimitMs);
    const bytes = Number(extra);
    if (!(bytes > 0)) {
      throw new Error(`Expected the load client to tell its peak memory in bytes, got "${extra}"`);
    }
    return bytes / bytesPerMb;
  };
  try {
    await bench.step("memory: a hundred thousand calls");
    const fewMb = await peakMb(fewCalls);
    await bench.step("memory: ten million calls, six minutes or so");
    const manyMb = await peakMb(manyCalls);
    return [findingOf(fewMb, manyMb)];
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
      few_calls_peak_mb: fewMb,
      many_calls: manyCalls,
      many_calls_peak_mb: manyMb,
      growth_mb: growthMb,
      wanted_growth_mb: wantedGrowthMb,
    },
    rows: [
      {
        what: `10,000,000 calls peak at ${manyMb.toFixed(0)} MB, 100,000 at ${fewMb.toFixed(0)} MB`,
        measured: `+${growthMb.toFixed(0)} MB`.replace("+-", "−"),
        wanted: `≤ ${wantedGrowthMb} MB`,
        reached: growthMb <= wantedGrowthMb,
      },
    ],
  };
}
