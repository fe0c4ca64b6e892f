import { type Bench, connections, type Finding, type Row } from "../harness/bench.ts";
import { type ServerProcess, startServerProcess } from "../harness/server-process.ts";
import { type Spread, spreadOf } from "../harness/spread.ts";
import { createEchoTarget } from "../rpc/servers.ts";
import { ownDriver, takeTurn } from "../rpc/throughput.ts";

const wantedRatio = 0.97;
/** Until its code is compiled a server is slower. */
const warmUpSeconds = 3;
/** Machines change their pace, so the servers take turns. */
const turns = 2;
/** Long enough that the client's own start does not count. */
const secondsATurn = 5;

const program = new URL("../rpc/servers/fastify-server.ts", import.meta.url);
const watching = ["--import", new URL("../../learn/diagnose.ts", import.meta.url).href];
/** The second shows by how much two servers differ that are the same. */
const kinds = {
  plain: [],
  "plain again": [],
  watched: watching,
} as const satisfies Record<string, readonly string[]>;
type Kind = keyof typeof kinds;

/** What a server did in all its turns of a run. */
interface Work {
  calls: number;
  /** Of all its threads. */
  cpuMs: number;
}

/** The most that watching can cost: a server with next to nothing to do a call, as fast as it can. */
export async function measureThroughput(bench: Bench): Promise<Finding[]> {
  const runs: Record<Kind, Work>[] = [];
  for (let run = 1; run <= bench.runs; run++) {
    runs.push(await measureOnce(bench, run));
  }
  const spread = (of: (run: Record<Kind, Work>) => number) => spreadOf(runs.map(of));
  const callsRatio = (kind: Kind) => spread((run) => run[kind].calls / run.plain.calls);
  const cpuRatio = (kind: Kind) => spread((run) => cpuACall(run[kind]) / cpuACall(run.plain));
  const busy = spread(({ plain }) => plain.cpuMs / 1_000 / turns / secondsATurn);
  const row = (kind: Kind, what: string, { median }: Spread, reached: boolean | null): Row => ({
    what: `${kind} beside plain: ${what}`,
    measured: `${median.toFixed(3)} ×`,
    wanted: reached === null ? "" : `≥ ${wantedRatio.toFixed(2)} ×`,
    reached,
  });
  const watched = callsRatio("watched");
  return [
    {
      part: "throughput",
      figures: {
        runs: runs.length,
        calls_ratio: watched,
        cpu_per_call_ratio: cpuRatio("watched"),
        calls_ratio_of_two_plain: callsRatio("plain again"),
        cpu_per_call_ratio_of_two_plain: cpuRatio("plain again"),
        server_busy: busy,
        wanted_calls_ratio: wantedRatio,
      },
      rows: [
        row("watched", "calls per second", watched, watched.median >= wantedRatio),
        row("watched", "CPU a call, of all threads", cpuRatio("watched"), null),
        row("plain again", "calls per second", callsRatio("plain again"), null),
        row("plain again", "CPU a call, of all threads", cpuRatio("plain again"), null),
      ],
    },
  ];
}

/** New processes each time: one and the same program can be faster in one than in another all its life. */
async function measureOnce(bench: Bench, run: number): Promise<Record<Kind, Work>> {
  using target = createEchoTarget();
  const driver = ownDriver(connections, [
    "--protocol",
    "connect",
    "--codec",
    "json",
    "--http",
    "1.1",
  ]);
  const work: Record<Kind, Work> = {
    plain: { calls: 0, cpuMs: 0 },
    "plain again": { calls: 0, cpuMs: 0 },
    watched: { calls: 0, cpuMs: 0 },
  };
  const started: { kind: Kind; server: ServerProcess }[] = [];
  try {
    for (const kind of Object.keys(kinds).filter(isKind)) {
      const server = await startServerProcess(program, [], bench.pinning, kinds[kind]);
      started.push({ kind, server });
    }
    await bench.step(`throughput: ${run} of ${bench.runs}`);
    for (const { server } of started) {
      await driver.drive(bench, server.url, target, warmUpSeconds);
    }
    for (let turn = 0; turn < turns; turn++) {
      for (const { kind, server } of turn % 2 === 0 ? started : started.toReversed()) {
        const { calls, cpuMs } = await takeTurn(bench, driver, server, target, secondsATurn);
        work[kind].calls += calls;
        work[kind].cpuMs += cpuMs;
      }
    }
  } finally {
    await Promise.all(started.map(({ server }) => server.close()));
  }
  return work;
}

function cpuACall({ calls, cpuMs }: Work): number {
  return cpuMs / calls;
}

function isKind(name: string): name is Kind {
  return name in kinds;
}
