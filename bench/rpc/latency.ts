import { type Bench, connections, type Finding, type Load } from "../harness/bench.ts";
import { clientCommand, histogramOf, runClient } from "../harness/load-client.ts";
import { type Spread, spreadOf } from "../harness/spread.ts";
import { createEchoTarget, startEchoServers } from "./servers.ts";

const kinds = ["unblock", "adapter", "grpc-js"] as const;
type Kind = (typeof kinds)[number];
const perSecond = 5_000;
const seconds = 10;
const runLimitMs = 60_000;

/** Calls that come when they are due, over gRPC: how long one in a hundred takes. */
export async function measureLatency(bench: Bench): Promise<Finding[]> {
  using target = createEchoTarget();
  const runs: { readonly kind: Kind; readonly p99Ms: number }[] = [];
  const peers = await startEchoServers(kinds, bench.pinning);
  try {
    const flags = ["--rate", String(perSecond), "--duration", `${seconds}s`, "--warmup", "3s"];
    for (let run = 1; run <= bench.runs; run++) {
      for (const { kind, server } of run % 2 === 1 ? peers.all : peers.all.toReversed()) {
        await bench.step(`latency: ${kind}, ${run} of ${bench.runs}`);
        const load: Load = { url: server.url, target, connections, flags };
        const command = bench.pinning.client(clientCommand(load));
        const { report } = await runClient(command, runLimitMs);
        runs.push({ kind, p99Ms: histogramOf(report, "latency").percentile(99) });
      }
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
      seconds,
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
