import {
  type Bench,
  connections,
  inFlight,
  type Load,
  type Row,
  type Target,
} from "../harness/bench.ts";
import { ghzCommand, runGhz } from "../harness/ghz.ts";
import { clientCommand, runClient } from "../harness/load-client.ts";
import type { ServerProcess } from "../harness/server-process.ts";
import { type Spread, spreadOf } from "../harness/spread.ts";
import { type ServerKind, startEchoServers } from "./servers.ts";

/** Of a turn. Long enough that a program's start does not count. */
const secondsATurn = 2;
/** Until its code is compiled a server is slower. */
const warmUpSeconds = 3;
const runLimitMs = 60_000;

/** A closed loop by one of the clients. */
export interface Driver {
  readonly name: string;
  /** @returns calls per second */
  readonly drive: (bench: Bench, url: string, target: Target, seconds: number) => Promise<number>;
}

/**
 * The project's own load client.
 *
 * @param onConnections over how many the calls in flight go; over HTTP/1.1 each needs its own
 */
export function ownDriver(onConnections: number, flags: readonly string[] = []): Driver {
  return {
    name: "unblock's client",
    drive: async ({ pinning }, url, target, seconds) => {
      const loop = ["--concurrency", String(inFlight), "--duration", `${seconds}s`];
      const load: Load = { url, target, connections: onConnections, flags: [...loop, ...flags] };
      return (await runClient(pinning.client(clientCommand(load)), runLimitMs)).report.rps;
    },
  };
}

export const ghzDriver: Driver = {
  name: "ghz",
  drive: async ({ pinning, ghz }, url, target, seconds) => {
    const loop = ["--concurrency", String(inFlight), "--duration", `${seconds}s`];
    // Calls that are in progress at the end are waited for: cut off, they would count as failed.
    const load: Load = { url, target, connections, flags: [...loop, "--duration-stop", "wait"] };
    return (await runGhz(pinning.client(ghzCommand(ghz, load)), runLimitMs)).rps;
  },
};

/** What one client saw of one server. */
export interface Throughput {
  readonly callsPerSecond: Spread;
  /**
   * Calls in a second of the server's CPU time: the same also where the client is the limit, or where a
   * host lends its cores to others meanwhile.
   */
  readonly callsPerCpuSecond: Spread;
  /** The part of its core that the server used: near 1, it was the limit, and not the client. */
  readonly busy: Spread;
}

/** What was measured of some servers by some clients. */
export interface Comparison<Kind extends ServerKind> {
  of(driver: Driver, kind: Kind): Throughput;
  /** How many times the calls of `theirs` that `ours` answered in the same CPU time, run by run. */
  ratio(driver: Driver, ours: Kind, theirs: Kind): Spread;
}

/**
 * Measures servers in turn, `bench.runs` times, with each client.
 *
 * @param rounds how often a run goes through the servers there and back; more of them for peers that are near
 * to each other
 */
export async function compareThroughput<Kind extends ServerKind>(
  bench: Bench,
  target: Target,
  part: string,
  kinds: readonly Kind[],
  drivers: readonly Driver[],
  rounds = 1,
): Promise<Comparison<Kind>> {
  const runs: Run[] = [];
  const peers = await startEchoServers(kinds, bench.pinning);
  try {
    for (const { kind, server } of peers.all) {
      await bench.step(`${part}: warming up ${kind}`);
      for (const driver of drivers) {
        await driver.drive(bench, server.url, target, warmUpSeconds);
      }
    }
    for (let run = 1; run <= bench.runs; run++) {
      for (const driver of drivers) {
        const work = new Map<ServerKind, Work>();
        // There and back: what changes on the machine meanwhile is then the same for all.
        const round = [...peers.all, ...peers.all.toReversed()];
        for (const { kind, server } of Array.from({ length: rounds }, () => round).flat()) {
          await bench.step(`${part}: ${kind}, by ${driver.name}, ${run} of ${bench.runs}`);
          const before = work.get(kind) ?? { calls: 0, cpuSeconds: 0, seconds: 0 };
          const turn = await takeTurn(bench, driver, server, target, secondsATurn);
          work.set(kind, {
            calls: before.calls + turn.calls,
            cpuSeconds: before.cpuSeconds + turn.cpuMs / 1_000,
            seconds: before.seconds + secondsATurn,
          });
        }
        runs.push(...[...work].map(([kind, done]) => ({ driver, kind, ...done })));
      }
    }
  } finally {
    await peers.close();
  }
  const runsOf = (driver: Driver, kind: Kind) =>
    runs.filter((run) => run.driver === driver && run.kind === kind);
  return {
    of: (driver, kind) => throughputOf(runsOf(driver, kind)),
    ratio: (driver, ours, theirs) => {
      const peer = runsOf(driver, theirs).map(perCpuSecond);
      const ratios = runsOf(driver, ours).map(
        (run, index) => perCpuSecond(run) / (peer[index] ?? 0),
      );
      return spreadOf(ratios);
    },
  };
}

/** Drives a server for some seconds. @returns its calls, and the CPU time of all its threads */
export async function takeTurn(
  bench: Bench,
  driver: Driver,
  server: ServerProcess,
  target: Target,
  seconds: number,
): Promise<{ readonly calls: number; readonly cpuMs: number }> {
  const cpuBeforeMs = await server.ask<number>("cpuMs");
  const callsPerSecond = await driver.drive(bench, server.url, target, seconds);
  const cpuMs = (await server.ask<number>("cpuMs")) - cpuBeforeMs;
  return { calls: callsPerSecond * seconds, cpuMs };
}

interface Work {
  readonly calls: number;
  readonly cpuSeconds: number;
  readonly seconds: number;
}

interface Run extends Work {
  readonly driver: Driver;
  readonly kind: ServerKind;
}

function perCpuSecond({ calls, cpuSeconds }: Work): number {
  return calls / cpuSeconds;
}

function throughputOf(runs: readonly Run[]): Throughput {
  return {
    callsPerSecond: spreadOf(runs.map(({ calls, seconds }) => calls / seconds)),
    callsPerCpuSecond: spreadOf(runs.map(perCpuSecond)),
    busy: spreadOf(runs.map(({ cpuSeconds, seconds }) => cpuSeconds / seconds)),
  };
}

/** For scripts: each comparison that is made, such as "adapter / grpc-js". */
export function ratiosOf<Kind extends ServerKind>(
  { ratio }: Comparison<Kind>,
  driver: Driver,
  pairs: readonly { readonly ours: Kind; readonly theirs: Kind }[],
): Readonly<Record<string, Spread>> {
  return Object.fromEntries(
    pairs.map(({ ours, theirs }) => [`${ours} / ${theirs}`, ratio(driver, ours, theirs)]),
  );
}

/** A row that compares two servers, as one client saw them. */
export function ratioRow<Kind extends ServerKind>(
  comparison: Comparison<Kind>,
  driver: Driver,
  [ours, theirs]: readonly [Kind, Kind],
  wanted: number | undefined,
): Row {
  const { median } = comparison.ratio(driver, ours, theirs);
  const told = ([ours, theirs] as const).map(
    (kind) => `${kind} ${tell(comparison.of(driver, kind))}`,
  );
  return {
    what: `${told.join(", ")} (${driver.name})`,
    measured: `${median.toFixed(2)} ×`,
    wanted: wanted === undefined ? "" : `≥ ${wanted.toFixed(2)} ×`,
    reached: wanted === undefined ? null : median >= wanted,
  };
}

function tell({ callsPerCpuSecond, callsPerSecond }: Throughput): string {
  const whole = (calls: Spread) => Math.round(calls.median).toLocaleString("en");
  return `${whole(callsPerCpuSecond)} per CPU s, ${whole(callsPerSecond)}/s`;
}
