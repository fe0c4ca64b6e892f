import { setTimeout } from "node:timers/promises";
import { atMost, type Bench, type Finding, factor, plainRow, type Row } from "../harness/bench.ts";
import type { BenchCommand } from "../harness/command.ts";
import type { ServerProcess } from "../harness/processes.ts";
import type { Resources } from "../harness/serve.ts";
import { startEchoServer } from "../rpc/servers.ts";
import { callAtRandom, callsOf, emptyTally, type Tally } from "./client.ts";

export const soakBench: BenchCommand = {
  name: "soak",
  description: "Makes calls of all kinds for long, and looks for what the server has not released.",
  title: "unblock's server in a soak",
  parts: {
    nightly: {
      about: "30 million calls, beside the first million (ten minutes or more)",
      measure: (bench) => measureSoak(bench, nightly),
    },
    short: {
      about: "what 40 seconds allow, beside the first 50,000 calls (a minute)",
      measure: (bench) => measureSoak(bench, short),
    },
  },
};

/** A soak ends after so many calls or so much time, whatever is first. */
interface Soak {
  /** Calls after which the server holds what it always needs. */
  readonly firstCalls: number;
  readonly calls: number;
  readonly maxMs: number;
}

const nightly = { firstCalls: 1e6, calls: 30e6, maxMs: 10 * 3_600_000 };
const short = { firstCalls: 50_000, calls: 1e6, maxMs: 40_000 };

/** Less is not long enough to see a leak. */
const minTimesFirst = 2;
const wantedRatio = 1.05;
const showEveryMs = 5_000;
/** Time without the end of any call after which the server has lost calls. */
const stuckMs = 30_000;
/** Time in which the server closes the connections that the client has closed. */
const settleMs = 2_000;
/** Otherwise V8 frees the code of functions that were not called for half a minute, and the heap gets smaller. */
const nodeFlags = ["--no-flush-bytecode"];

async function measureSoak(bench: Bench, { firstCalls, calls, maxMs }: Soak): Promise<Finding> {
  await using server = await startEchoServer("unblock", bench.pinning, nodeFlags);
  const tally = emptyTally();
  const untilMs = performance.now() + maxMs;
  const soak = async (wanted: number) => {
    const isOver = () => callsOf(tally) >= wanted || performance.now() >= untilMs;
    using watch = watchProgress(tally, bench.say);
    await Promise.race([callAtRandom(new URL(server.url), tally, isOver), watch.stuck]);
    return resourcesOf(server);
  };
  const first = await soak(firstCalls);
  const last = await soak(calls);
  return findingOf(tally, firstCalls, first, last);
}

/** Shows the number of calls. `stuck` rejects when no call ends any more. */
function watchProgress(
  tally: Tally,
  say: (text: string) => void,
): Disposable & { readonly stuck: Promise<never> } {
  const { promise: stuck, reject } = Promise.withResolvers<never>();
  let lastCalls = callsOf(tally);
  let sinceMs = performance.now();
  const timer = setInterval(() => {
    const calls = callsOf(tally);
    if (calls > lastCalls) {
      lastCalls = calls;
      sinceMs = performance.now();
    } else if (performance.now() - sinceMs > stuckMs) {
      reject(new Error(`Expected calls to end, got none for ${stuckMs / 1_000} s`));
    }
    say(`${count(calls)} calls`);
  }, showEveryMs);
  return { stuck, [Symbol.dispose]: () => clearInterval(timer) };
}

async function resourcesOf(server: ServerProcess): Promise<Resources> {
  await setTimeout(settleMs);
  return server.ask<Resources>("resources");
}

const count = (calls: number) => Math.round(calls).toLocaleString("en");
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** @param first resources after the first calls, to which the last ones are compared */
export function findingOf(
  tally: Tally,
  firstCalls: number,
  first: Resources,
  last: Resources,
): Finding {
  const calls = callsOf(tally);
  const row = (
    what: string,
    of: (resources: Resources) => number | undefined,
    show: (value: number) => string,
  ): Row => {
    const [before, after] = [of(first), of(last)];
    return before === undefined || after === undefined
      ? plainRow(what, "unknown on this system")
      : atMost(`${what}: ${show(after)} / ${show(before)}`, after / before, wantedRatio, factor);
  };
  return {
    figures: { ...tally, calls, first_calls: firstCalls, first, last, wanted_ratio: wantedRatio },
    rows: [
      {
        what: "calls",
        measured: count(calls),
        wanted: `≥ ${count(minTimesFirst * firstCalls)}`,
        reached: calls >= minTimesFirst * firstCalls,
      },
      plainRow("calls that were cancelled", count(tally.cancelled)),
      plainRow("calls whose connection was closed", count(tally.cut)),
      plainRow("connections", count(tally.connections)),
      atMost(["failed calls", ...tally.problems.slice(0, 1)].join(": "), tally.failed, 0, count),
      row("heap", ({ heapBytes }) => heapBytes, megabytes),
      row("external memory", ({ externalBytes }) => externalBytes, megabytes),
      row("file descriptors", ({ descriptors }) => descriptors, count),
      row("threads", ({ threads }) => threads, count),
      plainRow("resident memory", `${megabytes(last.residentBytes)}`),
    ],
  };
}
