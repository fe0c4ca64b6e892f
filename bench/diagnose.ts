import {
  atLeast,
  type Bench,
  connections,
  type Finding,
  measuredRow,
  repeat,
  spreadOf,
} from "./harness/bench.ts";
import type { BenchCommand } from "./harness/command.ts";
import { startAll } from "./harness/processes.ts";
import { ratiosOf } from "./harness/ratios.ts";
import { createEchoTarget } from "./rpc/calls.ts";
import { busyOf, figuresOf, takeTurns, type Work, warmUpSeconds } from "./rpc/compare.ts";
import { jsonDriver } from "./rpc/drivers.ts";
import { startEchoServer } from "./rpc/servers.ts";

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
async function measureThroughput(bench: Bench): Promise<Finding> {
  using target = createEchoTarget();
  const driver = jsonDriver(target, connections);
  const contestantOf = (server: Kind) => ({ server, driver });
  const runs = await repeat(bench, async () => {
    // New processes in each run: the same program can be faster in one process than in another.
    await using peers = await startAll(kinds, (kind) =>
      startEchoServer("fastify", bench.pinning, kind === "watched" ? watching : []),
    );
    for (const kind of kinds) {
      await driver.drive(bench, peers.get(kind).url, warmUpSeconds);
    }
    const options = { rounds: 1, seconds: turnSeconds };
    return await takeTurns(bench, kinds.map(contestantOf), peers, options);
  });
  const figures = (kind: Kind, figure: (work: Work) => number) =>
    figuresOf(runs, contestantOf(kind), figure);
  const ratios = (kind: Kind, figure: (work: Work) => number) =>
    ratiosOf(figures(kind, figure), figures("plain", figure));
  const calls = (work: Work) => work.count;
  const cpuPerCall = (work: Work) => work.cpuMs / work.count;
  const show = (value: number) => `${value.toFixed(3)} ×`;
  const row = (kind: Kind, what: string, figure: (work: Work) => number) =>
    measuredRow(`${kind} beside plain: ${what}`, ratios(kind, figure), show);
  const watched = ratios("watched", calls);
  return {
    figures: {
      runs: bench.runs,
      calls_ratio: spreadOf(watched),
      cpu_per_call_ratio: spreadOf(ratios("watched", cpuPerCall)),
      calls_ratio_of_two_plain: spreadOf(ratios("plain again", calls)),
      cpu_per_call_ratio_of_two_plain: spreadOf(ratios("plain again", cpuPerCall)),
      server_busy: spreadOf(figures("plain", busyOf)),
      wanted_calls_ratio: wantedRatio,
    },
    rows: [
      atLeast("watched beside plain: calls per second", watched, wantedRatio, show),
      row("watched", "CPU per call, of all threads", cpuPerCall),
      row("plain again", "calls per second", calls),
      row("plain again", "CPU per call, of all threads", cpuPerCall),
    ],
  };
}
