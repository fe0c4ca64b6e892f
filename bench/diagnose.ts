import {
  atLeast,
  type Bench,
  connections,
  type Finding,
  plainRow,
  repeat,
} from "./harness/bench.ts";
import type { BenchCommand } from "./harness/command.ts";
import { startAll } from "./harness/processes.ts";
import { createEchoTarget, startEchoServer } from "./rpc/servers.ts";
import { Comparison, jsonDriver, takeTurns, type Work, warmUpSeconds } from "./rpc/throughput.ts";

export const diagnoseBench: BenchCommand = {
  name: "diagnose",
  description: "Measures what packages/diagnose/main.ts costs a healthy service.",
  title: "A service that packages/diagnose/main.ts watches",
  parts: {
    throughput: {
      about: "JSON calls per second of a busy server, watched and not (four minutes)",
      measure: measureThroughput,
    },
  },
};

const wantedRatio = 0.97;
/** Long enough that the start of the client does not count. */
const turnSeconds = 5;

const watching = ["--import", new URL(import.meta.resolve("@unblock/diagnose/main")).href];
/** The second one shows by how much two equal servers differ. */
const kinds = ["plain", "plain again", "watched"] as const;
type Kind = (typeof kinds)[number];

/** The worst case for watching: a fully loaded server with next to nothing to do per call. */
async function measureThroughput(bench: Bench): Promise<Finding[]> {
  const driver = jsonDriver(connections);
  using target = createEchoTarget();
  const runs = await repeat(bench, "throughput", async () => {
    // New processes in each run: the same program can be faster in one process than in another.
    await using peers = await startAll(kinds, (kind) =>
      startEchoServer("fastify", bench.pinning, kind === "watched" ? watching : []),
    );
    for (const { server } of peers.all) {
      await driver.drive(bench, server.url, target, warmUpSeconds);
    }
    return await takeTurns(bench, driver, peers, target, { rounds: 1, seconds: turnSeconds });
  });
  const comparison = new Comparison(runs.flat());
  const ratio = (kind: Kind, figure: (work: Work) => number) =>
    comparison.ratio(driver, kind, "plain", figure);
  const calls = (work: Work) => work.calls;
  const cpuPerCall = (work: Work) => work.cpuMs / work.calls;
  const show = (value: number) => `${value.toFixed(3)} ×`;
  const row = (kind: Kind, what: string, figure: (work: Work) => number) =>
    plainRow(`${kind} beside plain: ${what}`, show(ratio(kind, figure).median));
  const watched = ratio("watched", calls);
  return [
    {
      part: "throughput",
      figures: {
        runs: bench.runs,
        calls_ratio: watched,
        cpu_per_call_ratio: ratio("watched", cpuPerCall),
        calls_ratio_of_two_plain: ratio("plain again", calls),
        cpu_per_call_ratio_of_two_plain: ratio("plain again", cpuPerCall),
        server_busy: comparison.of(driver, "plain").busy,
        wanted_calls_ratio: wantedRatio,
      },
      rows: [
        atLeast("watched beside plain: calls per second", watched.median, wantedRatio, show),
        row("watched", "CPU per call, of all threads", cpuPerCall),
        row("plain again", "calls per second", calls),
        row("plain again", "CPU per call, of all threads", cpuPerCall),
      ],
    },
  ];
}
