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
import { type Spread, spreadOf } from "../harness/spread.ts";
import { type ServerKind, startEchoServers } from "./servers.ts";

/** Long enough that a program's start does not count. */
const secondsARun = 5;
/** Until its code is compiled a server is slower. */
const warmUpSeconds = 3;
const runLimitMs = 60_000;

/** A closed loop by one of the clients. */
export interface Driver {
  readonly name: string;
  /** @returns calls per second */
  readonly drive: (bench: Bench, url: string, target: Target, seconds: number) => Promise<number>;
}

/** The project's own load client. */
export function ownDriver(flags: readonly string[] = []): Driver {
  return {
    name: "unblock's client",
    drive: async ({ pinning }, url, target, seconds) => {
      const loop = ["--concurrency", String(inFlight), "--duration", `${seconds}s`];
      const load: Load = { url, target, connections, flags: [...loop, ...flags] };
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
  /** The part of its core that the server used: near 1, it was the limit, and not the client. */
  readonly busy: Spread;
}

/** Measures servers in turn, `bench.runs` times, with each client. */
export async function compareThroughput<Kind extends ServerKind>(
  bench: Bench,
  target: Target,
  part: string,
  kinds: readonly Kind[],
  drivers: readonly Driver[],
): Promise<(driver: Driver, kind: Kind) => Throughput> {
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
      // Whoever comes later might find the machine warmer, so the order is turned around each time.
      const turn = run % 2 === 1 ? peers.all : peers.all.toReversed();
      for (const driver of drivers) {
        for (const { kind, server } of turn) {
          await bench.step(`${part}: ${kind}, by ${driver.name}, ${run} of ${bench.runs}`);
          const cpuBeforeMs = await server.ask<number>("cpuMs");
          const callsPerSecond = await driver.drive(bench, server.url, target, secondsARun);
          const cpuMs = (await server.ask<number>("cpuMs")) - cpuBeforeMs;
          runs.push({ driver, kind, callsPerSecond, busy: cpuMs / 1_000 / secondsARun });
        }
      }
    }
  } finally {
    await peers.close();
  }
  return (driver, kind) =>
    throughputOf(runs.filter((run) => run.driver === driver && run.kind === kind));
}

interface Run {
  readonly driver: Driver;
  readonly kind: ServerKind;
  readonly callsPerSecond: number;
  readonly busy: number;
}

function throughputOf(runs: readonly Run[]): Throughput {
  return {
    callsPerSecond: spreadOf(runs.map((run) => run.callsPerSecond)),
    busy: spreadOf(runs.map((run) => run.busy)),
  };
}

/** A row that compares two servers, as one client saw them. */
export function ratioRow(
  [ours, our]: [string, Throughput],
  [theirs, their]: [string, Throughput],
  by: string,
  wanted: number | undefined,
): Row {
  const ratio = our.callsPerSecond.median / their.callsPerSecond.median;
  return {
    what: `${ours} ${perSecond(our)}, ${theirs} ${perSecond(their)} (${by})`,
    measured: `${ratio.toFixed(2)} ×`,
    wanted: wanted === undefined ? "" : `≥ ${wanted.toFixed(2)} ×`,
    reached: wanted === undefined ? null : ratio >= wanted,
  };
}

function perSecond({ callsPerSecond, busy }: Throughput): string {
  const calls = Math.round(callsPerSecond.median).toLocaleString("en");
  return `${calls}/s at ${Math.round(busy.median * 100)} %`;
}
