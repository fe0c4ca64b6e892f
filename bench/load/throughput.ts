import {
  atLeast,
  type Bench,
  type Finding,
  factor,
  inFlight,
  repeat,
  spreadOf,
} from "../harness/bench.ts";
import { runClient, runGhz } from "../harness/clients.ts";
import { loadOf, startBenchServer } from "./servers.ts";

/** Wanted ratio of our calls per second to ghz's, by server. */
const wanted = [
  { server: "null", ratio: 1.2 },
  // The others are slower than our client, so this one shows what it can do.
  { server: "http2-null", ratio: 3 },
  { server: "grpc-js", ratio: 1.1 },
] as const;

/** Enough for five seconds, so that the start of a program does not count. */
const calls = 150_000;
/** A server is slower until its code is compiled. */
const warmUpCalls = 30_000;

/** A closed loop by both clients in turn, against the same server. */
export async function measureThroughput(bench: Bench): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { server: kind, ratio } of wanted) {
    await using server = await startBenchServer(kind, bench.pinning);
    const loop = ["--concurrency", String(inFlight)];
    const ours = async (count: number) => {
      const load = loadOf(server.url, [...loop, "--requests", String(count)]);
      return (await runClient(bench, load)).report.rps;
    };
    const ghz = async (count: number) => {
      const load = loadOf(server.url, [...loop, "--total", String(count)]);
      return (await runGhz(bench, load)).rps;
    };
    await bench.step(`warming up the ${kind} server`);
    await ghz(warmUpCalls);
    await ours(warmUpCalls);
    const measurePair = async (run: number) => {
      // The clients take turns at being first, since the second one may find a warmer machine.
      if (run % 2 === 1) {
        return { ours: await ours(calls), ghz: await ghz(calls) };
      }
      const ghzFirst = await ghz(calls);
      return { ours: await ours(calls), ghz: ghzFirst };
    };
    const pairs = await repeat(bench, measurePair, `${kind} server, pair`);
    findings.push(findingOf(kind, ratio, pairs));
  }
  return findings;
}

function findingOf(
  server: string,
  wantedRatio: number,
  pairs: readonly { readonly ours: number; readonly ghz: number }[],
): Finding {
  const ours = spreadOf(pairs.map((pair) => pair.ours));
  const ghz = spreadOf(pairs.map((pair) => pair.ghz));
  const ratio = ours.median / ghz.median;
  const perSecond = (value: number) => Math.round(value).toLocaleString("en");
  const what = `${server} server: ours ${perSecond(ours.median)}/s, ghz ${perSecond(ghz.median)}/s`;
  return {
    figures: {
      server,
      ours_per_second: ours,
      ghz_per_second: ghz,
      ratio,
      wanted_ratio: wantedRatio,
    },
    rows: [atLeast(what, ratio, wantedRatio, factor)],
  };
}
