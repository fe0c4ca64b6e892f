import { type Bench, type Finding, repeat, spreadOf } from "../harness/bench.ts";
import { type Peers, startAll } from "../harness/processes.ts";
import { compare } from "../harness/ratios.ts";
import type { Driver } from "./drivers.ts";
import { type ServerKind, startEchoServer } from "./servers.ts";

/** Long enough that the start of a client does not count. */
const turnSeconds = 2;
/** A server is slower until its code is compiled. */
export const warmUpSeconds = 3;

/** A server under the load of one client. */
export interface Contestant<Kind extends string> {
  readonly server: Kind;
  readonly driver: Driver;
}

/** Servers that are compared with each other, and reported together. */
export interface Group {
  readonly name: string;
  /** Load of our servers. */
  readonly driver: Driver;
  /** Load of their servers, when it is another. */
  readonly theirDriver?: Driver;
  /** Our server, theirs, and the least ratio if there is a target. */
  readonly pairs: readonly (readonly [ours: ServerKind, theirs: ServerKind, min?: number])[];
}

interface Comparison {
  /** What is counted, such as "calls". */
  readonly unit: string;
  readonly groups: readonly Group[];
  /** Times per run that each server is measured there and back; more for servers of similar speed. */
  readonly rounds?: number;
}

/** Compares the work per CPU time of echo servers, which are measured in turn, `bench.runs` times. */
export async function compareServers(
  bench: Bench,
  { unit, groups, rounds = 1 }: Comparison,
): Promise<Finding[]> {
  const contestants = new Map(
    groups.flatMap(contestantsOf).map((contestant) => [keyOf(contestant), contestant]),
  );
  const kinds = new Set([...contestants.values()].map(({ server }) => server));
  await using peers = await startAll([...kinds], (kind) => startEchoServer(kind, bench.pinning));
  for (const contestant of contestants.values()) {
    await bench.step(`warming up, ${keyOf(contestant)}`);
    await contestant.driver.drive(bench, peers.get(contestant.server).url, warmUpSeconds);
  }
  const runs = await repeat(bench, () =>
    takeTurns(bench, [...contestants.values()], peers, { rounds, seconds: turnSeconds }),
  );
  const peerOf = (contestant: Contestant<ServerKind>) => ({
    name: contestant.server,
    values: figuresOf(runs, contestant, ({ count, cpuMs }) => (1_000 * count) / cpuMs),
  });
  return groups.map((group) => {
    const { name, driver, theirDriver = driver, pairs } = group;
    return compare({
      title: `${unit} per second of the server's CPU time, ${name}`,
      show: (value) => Math.round(value).toLocaleString("en"),
      matches: pairs.map(([ours, theirs, min]) => ({
        ours: peerOf({ server: ours, driver }),
        theirs: peerOf({ server: theirs, driver: theirDriver }),
        min,
      })),
      figures: {
        per_second: spreadsOf(runs, group, ({ count, seconds }) => count / seconds),
        busy: spreadsOf(runs, group, busyOf),
      },
    });
  });
}

function contestantsOf({ driver, theirDriver = driver, pairs }: Group): Contestant<ServerKind>[] {
  return pairs.flatMap(([ours, theirs]) => [
    { server: ours, driver },
    { server: theirs, driver: theirDriver },
  ]);
}

function keyOf({ server, driver }: Contestant<string>): string {
  return `${server} by ${driver.name}`;
}

/** What a server did during the turns of one run. */
export interface Work {
  /** Calls or messages. */
  readonly count: number;
  /** CPU time of all threads. Does not depend on the client's speed, nor on cores that a host lends. */
  readonly cpuMs: number;
  readonly seconds: number;
}

/** Work of one run by contestant. */
export type Run = ReadonlyMap<string, Work>;

const nothing: Work = { count: 0, cpuMs: 0, seconds: 0 };

/** Share of its core that a server used: near 1 the server was the limit, not the client. */
export function busyOf({ cpuMs, seconds }: Work): number {
  return cpuMs / 1_000 / seconds;
}

/** A figure of one contestant, run by run. */
export function figuresOf(
  runs: readonly Run[],
  contestant: Contestant<string>,
  figure: (work: Work) => number,
): number[] {
  return runs.map((run) => figure(run.get(keyOf(contestant)) ?? nothing));
}

function spreadsOf(runs: readonly Run[], group: Group, figure: (work: Work) => number) {
  return Object.fromEntries(
    contestantsOf(group).map((contestant) => [
      contestant.server,
      spreadOf(figuresOf(runs, contestant, figure)),
    ]),
  );
}

/**
 * Measures one run, there and back, so that changes of the machine's speed affect all servers alike.
 *
 * @param options `rounds`: times that the contestants are measured there and back
 */
export async function takeTurns<Kind extends string>(
  bench: Bench,
  contestants: readonly Contestant<Kind>[],
  peers: Peers<Kind>,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<Run> {
  const run = new Map<string, Work>();
  const round = [...contestants, ...contestants.toReversed()];
  for (const contestant of Array.from({ length: rounds }, () => round).flat()) {
    await bench.step(keyOf(contestant));
    const { driver, server } = contestant;
    const { ask, url } = peers.get(server);
    const cpuBeforeMs = await ask<number>("cpuMs");
    const perSecond = await driver.drive(bench, url, seconds);
    const cpuMs = (await ask<number>("cpuMs")) - cpuBeforeMs;
    const before = run.get(keyOf(contestant)) ?? nothing;
    run.set(keyOf(contestant), {
      count: before.count + perSecond * seconds,
      cpuMs: before.cpuMs + cpuMs,
      seconds: before.seconds + seconds,
    });
  }
  return run;
}
