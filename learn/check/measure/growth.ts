import type { Diagnosis } from "@unblock/diagnose/diagnosis";
import type { Evidence, Left } from "./evidence.ts";

/** Something whose number grows with the calls. */
interface Growth {
  /** Such as "threads". */
  readonly what: string;
  readonly count: number;
  readonly calls: number;
}

/** Share of a burst's calls that have something of their own, when each call has. */
const eachShare = 0.5;
/** The same for connections: even a client that keeps them may open another now and then. */
const eachConnectionShare = 0.7;
/** Smaller bursts show no growth. */
const minCalls = 4;

/** How to end what a call left behind. */
const ends: Readonly<Record<keyof Left, string>> = {
  threads: "End each with terminate(), or keep a few and reuse them: a pool.",
  processes: "End each with kill(), or keep a few and reuse them: a pool.",
  connections: "Close each (its body read, its client or agent destroyed), or keep and reuse one.",
  files: "Close each in a finally, or read it with a function that does (readFile).",
  intervals: "Clear each in a finally, or have one for all calls.",
};

/** Threads and processes that the last two bursts started, if each call starts one. */
export function startedBy(crowds: readonly Evidence[]): readonly Growth[] {
  const [before, last] = crowds.slice(-2);
  if (before === undefined || last === undefined || last.requests.length < minCalls) {
    return [];
  }
  const started = (what: string, count: (one: Evidence) => number): readonly Growth[] =>
    [before, last].every((one) => count(one) >= one.requests.length * eachShare)
      ? [{ what, count: count(last), calls: last.requests.length }]
      : [];
  return [
    ...started("threads", ({ observed }) => observed.newThreads),
    ...started("processes", ({ observed, tree }) =>
      Math.max(observed.newProcesses, tree?.newChildren ?? 0),
    ),
  ];
}

/** What a burst left behind, if each call leaves something. */
export function leftBy(before: Evidence, last: Evidence) {
  const calls = last.requests.length;
  const kinds = ["threads", "processes", "connections", "files", "intervals"] as const;
  return kinds
    .map((what) => ({ what, count: last.left[what] - before.left[what], calls }))
    .filter(({ what, count }) => {
      const max = what === "connections" ? backendRequestsOf(last) : calls;
      return calls >= minCalls && count >= max * eachShare;
    });
}

/** Each request to a backend may have a connection. */
function backendRequestsOf({ seen, requests }: Evidence): number {
  return Math.max(requests.length, seen.asked.length + seen.uncounted);
}

/** Connections that the last burst opened, if each request opens one. */
export function connectedBy(crowds: readonly Evidence[]): Growth | undefined {
  const [before, last] = crowds.slice(-2);
  if (before === undefined || last === undefined || last.requests.length < minCalls) {
    return undefined;
  }
  const isEach = (one: Evidence) =>
    one.seen.connections.opened >= backendRequestsOf(one) * eachConnectionShare;
  return isEach(before) && isEach(last)
    ? {
        what: "connections",
        count: last.seen.connections.opened,
        calls: last.requests.length,
      }
    : undefined;
}

/** Diagnoses what each call starts, opens, or leaves behind. */
export function diagnoseGrowth(crowds: readonly Evidence[]): readonly Diagnosis[] {
  const [before, last] = crowds.slice(-2);
  if (before === undefined || last === undefined) {
    return [];
  }
  const { unreadBodies } = last.observed;
  const left = leftBy(before, last);
  const connected = connectedBy(crowds);
  const leavesUnread = (what: string) => unreadBodies > 0 && what === "connections";
  // A connection whose response is not read can't be reused: that is why the next call opens another.
  const isExplained = left.some(({ what }) => leavesUnread(what));
  return [
    ...startedBy(crowds).map(executorPerCall),
    ...left.map((one) =>
      leavesUnread(one.what)
        ? bodyNotRead(one, unreadBodies)
        : {
            name: "left-behind" as const,
            finding: `${one.calls} calls have ended, and ${one.count} new ${one.what} are still there: they add up until something runs out.`,
            nextStep: ends[one.what],
            numbers: { left: one.count, calls: one.calls },
          },
    ),
    ...(connected === undefined || isExplained
      ? []
      : [unreadBodies > 0 ? bodyNotRead(connected, unreadBodies) : connectionPerCall(connected)]),
  ];
}

/** Each call started a thread or process. */
export function executorPerCall({ what, count, calls }: Growth): Diagnosis {
  return {
    name: "executor-per-call",
    finding: `${count} ${what} were started for ${calls} calls: each costs tens of milliseconds and megabytes before it does anything, and ten times the callers start ten times as many.`,
    nextStep:
      "Start as many as should work at once, outside of the handler, and pass the calls to them in turn: a pool.",
    numbers: { started: count, calls },
  };
}

/** @param unread number of bodies that were not read */
function bodyNotRead({ count, calls }: Growth, unread: number): Diagnosis {
  return {
    name: "body-not-read",
    finding: `The bodies of ${unread} responses were not read, so that their connections are neither reused nor closed: ${count} for ${calls} calls.`,
    nextStep: "Read each response to its end, or discard it: response.resume(), body.cancel().",
    numbers: { unread, left: count, calls },
  };
}

function connectionPerCall({ count, calls }: Growth): Diagnosis {
  return {
    name: "connection-per-call",
    finding: `${count} connections were opened for ${calls} calls, though others had been opened before: each costs a round trip and a socket, at both ends.`,
    nextStep:
      "Create the client or agent once, outside of the handler, and let it keep its connections (keepAlive).",
    numbers: { opened: count, calls },
  };
}

/** What a right answer may cost that leaves small bodies unread; empty when it leaves none. */
export function priceOfUnread(responses: number): string {
  return responses === 0
    ? ""
    : `. Its price: the bodies of ${responses} responses were left unread. They were small; a larger one keeps its connection until it is read or cancelled`;
}
