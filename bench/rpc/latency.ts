import { type Bench, connections, type Finding, type Load } from "../harness/bench.ts";
import { clientCommand, histogramOf, runClient } from "../harness/load-client.ts";
import { type Spread, spreadOf } from "../harness/spread.ts";
import { createEchoTarget, startEchoServers } from "./servers.ts";

const kinds = ["unblock", "adapter", "grpc-js"] as const;
type Kind = (typeof kinds)[number];
const perSecond = 5_000;
/** Short and many, so that what holds up the whole machine for a moment falls into few of them. */
const secondsATurn = 2;
const turnsARun = 3;
const runLimitMs = 60_000;

/** Calls that come when they are due, over gRPC: how long one in a hundred takes. */
export async function measureLatency(bench: Bench): Promise<Finding[]> {
  using target = createEchoTarget();
  const runs: { readonly kind: Kind; readonly p99Ms: number }[] = [];
  const peers = await startEchoServers(kinds, bench.pinning);
  try {
    const flags = ["--rate", String(perSecond), "--duration", `${secondsATurn}s`, "--warmup", "1s"];
    for (let run = 1; run <= bench.runs; run++) {
      const turns = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]));
      for (let turn = 0; turn < turnsARun; turn++) {
        for (const { kind, server } of turn % 2 === 0 ? peers.all : peers.all.toReversed()) {
          await bench.step(`latency: ${kind}, ${run} of ${bench.runs}`);
          const load: Load = { url: server.url, target, connections, flags };
          const command = bench.pinning.client(clientCommand(load));
          const { report } = await runClient(command, runLimitMs);
          turns.get(kind)?.push(histogramOf(report, "latency").percentile(99));
        }
      }
      runs.push(...[...turns].map(([kind, p99s]) => ({ kind, p99Ms: spreadOf(p99s).median })));
    }
  } finally {
    await peers.close();
  }
  const p99Of = (kind: Kind) =>
    spreadOf(runs.filter((run) => run.kind === kind).map(({ p99Ms }) => p99Ms));
  return [findingOf(p99Of)];
}

function findingOf(p99Of: (kind: Kind) => Spread): Finding {
  const theirs = p99Of("grpc-js").median;
  return {
    part: "latency",
    figures: {
      rate_per_second: perSecond,
      turns_a_run: turnsARun,
      seconds_a_turn: secondsATurn,
      p99_ms: Object.fromEntries(kinds.map((kind) => [kind, p99Of(kind)])),
    },
    rows: (["unblock", "adapter"] as const).map((kind) => {
      const ours = p99Of(kind).median;
      return {
        what: `p99 of ${kind} at ${perSecond.toLocaleString("en")} calls/s`,
        measured: `${ours.toFixed(2)} ms`,
        wanted: `≤ ${theirs.toFixed(2)} ms (grpc-js)`,
        reached: ours <= theirs,
      };
    }),
  };
}
