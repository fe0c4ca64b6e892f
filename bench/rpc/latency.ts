import { type Bench, connections, type Finding, repeat, spreadOf, unit } from "../harness/bench.ts";
import { histogramOf, runClient } from "../harness/clients.ts";
import { startAll } from "../harness/processes.ts";
import { compare } from "../harness/ratios.ts";
import { createEchoTarget } from "./calls.ts";
import { type ServerKind, startEchoServer } from "./servers.ts";

/** Short and many turns, so that few of them contain a moment in which the whole machine is slow. */
const turnSeconds = 2;
const turnsPerRun = 3;

interface LatencyOptions {
  readonly perSecond: number;
  readonly ours: readonly ServerKind[];
  readonly theirs: ServerKind;
}

/** Compares the p99 of unary calls over gRPC that arrive in an open loop. */
export async function measureLatency(
  bench: Bench,
  { perSecond, ours, theirs }: LatencyOptions,
): Promise<Finding> {
  using target = createEchoTarget();
  const kinds = [...ours, theirs];
  await using peers = await startAll(kinds, (kind) => startEchoServer(kind, bench.pinning));
  const flags = ["--rate", String(perSecond), "--duration", `${turnSeconds}s`, "--warmup", "1s"];
  /** The p99 of each turn, by server. */
  const runs = await repeat(bench, async () => {
    const p99Ms = new Map(kinds.map((kind) => [kind, [] as number[]]));
    for (let turn = 0; turn < turnsPerRun; turn++) {
      for (const kind of turn % 2 === 0 ? kinds : kinds.toReversed()) {
        await bench.step(kind);
        const load = { url: peers.get(kind).url, target, connections, flags };
        const { unblock } = await runClient(bench, load);
        p99Ms.get(kind)?.push(histogramOf(unblock, "latency").percentile(99));
      }
    }
    return p99Ms;
  });
  const peerOf = (kind: ServerKind) => ({
    name: kind,
    values: runs.map((run) => spreadOf(run.get(kind) ?? []).median),
  });
  return compare({
    title: `p99 at ${perSecond.toLocaleString("en")} calls per second`,
    show: unit("ms", 2),
    matches: ours.map((kind) => ({ ours: peerOf(kind), theirs: peerOf(theirs), max: 1 })),
    figures: {
      rate_per_second: perSecond,
      turns_a_run: turnsPerRun,
      seconds_a_turn: turnSeconds,
    },
  });
}
