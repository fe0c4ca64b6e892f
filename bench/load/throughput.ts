import { type Bench, connections, type Finding, inFlight } from "../harness/bench.ts";
import { ghzCommand, runGhz } from "../harness/ghz.ts";
import { clientCommand, runClient } from "../harness/load-client.ts";
import { spreadOf } from "../harness/spread.ts";
import { loadOf, startBenchServer } from "./servers.ts";

/** What our calls per second shall be, in ghz's. */
const wanted = [
  { server: "null", ratio: 1.2 },
  // The others are slower than our client, so this one shows what it can do.
  { server: "http2-null", ratio: 3 },
  { server: "grpc-js", ratio: 1.1 },
] as const;

/** Takes five seconds or more, so that a program's start does not count. */
const calls = 150_000;
/** Until its code is compiled a server is slower, to whomever comes first. */
const warmUpCalls = 30_000;
const runLimitMs = 120_000;

/** A closed loop by both clients in turn, against the same server. */
export async function measureThroughput(bench: Bench): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { server: kind, ratio: wantedRatio } of wanted) {
    const server = await startBenchServer(kind, bench.pinning);
    const ours = async (count: number) => {
      const flags = ["--concurrency", String(inFlight), "--requests", String(count)];
      const command = bench.pinning.client(clientCommand(loadOf(server.url, connections, flags)));
      return (await runClient(command, runLimitMs)).report.rps;
    };
    const ghz = async (count: number) => {
      const flags = ["--concurrency", String(inFlight), "--total", String(count)];
      const command = bench.pinning.client(
        ghzCommand(bench.ghz, loadOf(server.url, connections, flags)),
      );
      return (await runGhz(command, runLimitMs)).rps;
    };
    try {
      await bench.step(`throughput: warming up the ${kind} server`);
      await ghz(warmUpCalls);
      await ours(warmUpCalls);
      const oursPerSecond: number[] = [];
      const ghzPerSecond: number[] = [];
      for (let run = 0; run < bench.runs; run++) {
        await bench.step(`throughput: ${kind} server, pair ${run + 1} of ${bench.runs}`);
        // Whoever comes second might find the machine warmer, so they take turns in that, too.
        if (run % 2 === 0) {
          oursPerSecond.push(await ours(calls));
          ghzPerSecond.push(await ghz(calls));
        } else {
          ghzPerSecond.push(await ghz(calls));
          oursPerSecond.push(await ours(calls));
        }
      }
      findings.push(compare(kind, wantedRatio, oursPerSecond, ghzPerSecond));
    } finally {
      await server.close();
    }
  }
  return findings;
}

function compare(
  server: string,
  wantedRatio: number,
  oursPerSecond: readonly number[],
  ghzPerSecond: readonly number[],
): Finding {
  const [ours, ghz] = [spreadOf(oursPerSecond), spreadOf(ghzPerSecond)];
  const ratio = ours.median / ghz.median;
  const perSecond = (value: number) => Math.round(value).toLocaleString("en");
  return {
    part: "throughput",
    figures: {
      server,
      ours_per_second: ours,
      ghz_per_second: ghz,
      ratio,
      wanted_ratio: wantedRatio,
    },
    rows: [
      {
        what: `${server} server: ours ${perSecond(ours.median)}/s, ghz ${perSecond(ghz.median)}/s`,
        measured: `${ratio.toFixed(2)} ×`,
        wanted: `≥ ${wantedRatio.toFixed(2)} ×`,
        reached: ratio >= wantedRatio,
      },
    ],
  };
}
