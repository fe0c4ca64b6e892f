import {
  atLeast,
  type Bench,
  connections,
  factor,
  inFlight,
  plainRow,
  type Row,
  type Spread,
  spreadOf,
  type Target,
} from "../harness/bench.ts";
import { runClient, runGhz } from "../harness/clients.ts";
import { type Peers, type ServerProcess, startAll } from "../harness/processes.ts";
import { type ServerKind, startEchoServer } from "./servers.ts";

/** Long enough that the start of a client does not count. */
const turnSeconds = 2;
/** A server is slower until its code is compiled. */
export const warmUpSeconds = 3;
const timeoutMs = 60_000;

/** A closed loop by one of the clients. */
export interface Driver {
  readonly name: string;
  /** Returns calls per second. */
  readonly drive: (bench: Bench, url: string, target: Target, seconds: number) => Promise<number>;
}

function loopFlags(seconds: number): string[] {
  return ["--concurrency", String(inFlight), "--duration", `${seconds}s`];
}

/**
 * This project's load client.
 *
 * @param onConnections connections of the calls in flight; over HTTP/1.1 each call needs its own
 */
export function ownDriver(onConnections: number, flags: readonly string[] = []): Driver {
  return {
    name: "unblock's client",
    drive: async (bench, url, target, seconds) => {
      const load = {
        url,
        target,
        connections: onConnections,
        flags: [...loopFlags(seconds), ...flags],
      };
      return (await runClient(bench, load, timeoutMs)).report.rps;
    },
  };
}

/** This project's load client with JSON over HTTP/1.1. */
export function jsonDriver(onConnections: number): Driver {
  return ownDriver(onConnections, ["--protocol", "connect", "--codec", "json", "--http", "1.1"]);
}

export const ghzDriver: Driver = {
  name: "ghz",
  drive: async (bench, url, target, seconds) => {
    // Calls in progress at the end are awaited: if cut off, they would count as failed.
    const flags = [...loopFlags(seconds), "--duration-stop", "wait"];
    return (await runGhz(bench, { url, target, connections, flags }, timeoutMs)).rps;
  },
};

/** What a server did during one or several turns. */
export interface Work {
  readonly calls: number;
  /** CPU time of all threads. */
  readonly cpuMs: number;
  readonly seconds: number;
}

/** One server's work in one run of one client. */
export interface Run<Kind extends string> extends Work {
  readonly driver: Driver;
  readonly kind: Kind;
}

/** Results of one server, seen by one client. */
interface Throughput {
  readonly callsPerSecond: Spread;
  /** Independent of the client's speed and of cores that a host lends to others. */
  readonly callsPerCpuSecond: Spread;
  /** Share of its core that the server used: near 1 the server was the limit, not the client. */
  readonly busy: Spread;
}

/** Results of several servers and clients. */
export class Comparison<Kind extends string> {
  readonly #runs: readonly Run<Kind>[];

  constructor(runs: readonly Run<Kind>[]) {
    this.#runs = runs;
  }

  of(driver: Driver, kind: Kind): Throughput {
    const runs = this.#runsOf(driver, kind);
    return {
      callsPerSecond: spreadOf(runs.map(({ calls, seconds }) => calls / seconds)),
      callsPerCpuSecond: spreadOf(runs.map(({ calls, cpuMs }) => (1_000 * calls) / cpuMs)),
      busy: spreadOf(runs.map(({ cpuMs, seconds }) => cpuMs / 1_000 / seconds)),
    };
  }

  /** Ratio of a figure of two servers, run by run; by default of calls per CPU time. */
  ratio(
    driver: Driver,
    ours: Kind,
    theirs: Kind,
    figure = ({ calls, cpuMs }: Work) => calls / cpuMs,
  ): Spread {
    const peer = this.#runsOf(driver, theirs).map(figure);
    return spreadOf(
      this.#runsOf(driver, ours).map((run, index) => figure(run) / (peer[index] ?? 0)),
    );
  }

  /** Row that compares two servers. @param wanted least ratio, if there is a target */
  row(driver: Driver, ours: Kind, theirs: Kind, wanted: number | undefined): Row {
    const { median } = this.ratio(driver, ours, theirs);
    const whole = (calls: Spread) => Math.round(calls.median).toLocaleString("en");
    const [first, second] = [ours, theirs].map((kind) => {
      const { callsPerCpuSecond, callsPerSecond } = this.of(driver, kind);
      return `${kind} ${whole(callsPerCpuSecond)} per CPU s, ${whole(callsPerSecond)}/s`;
    });
    const what = `${first}, ${second} (${driver.name})`;
    return wanted === undefined
      ? plainRow(what, factor(median))
      : atLeast(what, median, wanted, factor);
  }

  #runsOf(driver: Driver, kind: Kind): Run<Kind>[] {
    return this.#runs.filter((run) => run.driver === driver && run.kind === kind);
  }
}

/**
 * Measures echo servers in turn, `bench.runs` times, with each client.
 *
 * @param rounds times per run that each server is measured there and back; more for peers of similar speed
 */
export async function compareThroughput<Kind extends ServerKind>(
  bench: Bench,
  target: Target,
  part: string,
  kinds: readonly Kind[],
  drivers: readonly Driver[],
  rounds = 1,
): Promise<Comparison<Kind>> {
  await using peers = await startAll(kinds, (kind) => startEchoServer(kind, bench.pinning));
  for (const { kind, server } of peers.all) {
    await bench.step(`${part}: warming up ${kind}`);
    for (const driver of drivers) {
      await driver.drive(bench, server.url, target, warmUpSeconds);
    }
  }
  const runs: Run<Kind>[] = [];
  for (let run = 1; run <= bench.runs; run++) {
    for (const driver of drivers) {
      const onTurn = (kind: Kind) =>
        bench.step(`${part}: ${kind}, by ${driver.name}, ${run} of ${bench.runs}`);
      const options = { rounds, seconds: turnSeconds, onTurn };
      runs.push(...(await takeTurns(bench, driver, peers, target, options)));
    }
  }
  return new Comparison(runs);
}

export interface TurnOptions<Kind extends string> {
  /** Times that the servers are measured there and back. */
  readonly rounds: number;
  readonly seconds: number;
  /** Called before each turn. */
  readonly onTurn?: (kind: Kind) => Promise<void>;
}

/** Drives servers there and back, so that changes of the machine's speed affect all of them alike. */
export async function takeTurns<Kind extends string>(
  bench: Bench,
  driver: Driver,
  peers: Peers<Kind>,
  target: Target,
  { rounds, seconds, onTurn }: TurnOptions<Kind>,
): Promise<Run<Kind>[]> {
  const work = new Map<Kind, Work>();
  const round = [...peers.all, ...peers.all.toReversed()];
  for (const { kind, server } of Array.from({ length: rounds }, () => round).flat()) {
    await onTurn?.(kind);
    const before = work.get(kind) ?? { calls: 0, cpuMs: 0, seconds: 0 };
    const { calls, cpuMs } = await takeTurn(bench, driver, server, target, seconds);
    work.set(kind, {
      calls: before.calls + calls,
      cpuMs: before.cpuMs + cpuMs,
      seconds: before.seconds + seconds,
    });
  }
  return [...work].map(([kind, done]) => ({ driver, kind, ...done }));
}

async function takeTurn(
  bench: Bench,
  driver: Driver,
  server: ServerProcess,
  target: Target,
  seconds: number,
): Promise<Omit<Work, "seconds">> {
  const cpuBeforeMs = await server.ask<number>("cpuMs");
  const callsPerSecond = await driver.drive(bench, server.url, target, seconds);
  const cpuMs = (await server.ask<number>("cpuMs")) - cpuBeforeMs;
  return { calls: callsPerSecond * seconds, cpuMs };
}
