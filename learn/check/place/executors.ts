import type { Evidence, Left } from "../measure/evidence.ts";

/** Of calls at once, the part that has something of its own when each call has. */
const mostShare = 0.5;
/** Connections: those who keep them open may still need more of them now and then. */
const connectionShare = 0.7;
/** Fewer calls at once tell nothing. */
const leastCalls = 4;

/** Something that grows with each call. */
export interface Growth {
  /** Such as "threads". */
  readonly what: string;
  readonly count: number;
  readonly calls: number;
}

/** What calls at once started, where each call starts one. Empty when it does not. */
export function startedBy(crowds: readonly Evidence[]): readonly Growth[] {
  const [before, last] = crowds.slice(-2);
  if (before === undefined || last === undefined || last.requests.length < leastCalls) {
    return [];
  }
  const started = (count: (one: Evidence) => number, what: string): readonly Growth[] => {
    const each = [before, last].map((one) => count(one) / one.requests.length);
    return each.every((share) => share >= mostShare)
      ? [{ what, count: count(last), calls: last.requests.length }]
      : [];
  };
  return [
    ...started(({ observed }) => observed.newThreads, "threads"),
    ...started(
      ({ observed, tree }) => Math.max(observed.newProcesses, tree?.newChildren ?? 0),
      "processes",
    ),
  ];
}

/** What is still there of calls at once, and was not before them. */
export function leftBy(before: Evidence, last: Evidence): readonly Growth[] {
  const calls = last.requests.length;
  const kinds: readonly (keyof Left)[] = [
    "threads",
    "processes",
    "connections",
    "files",
    "intervals",
  ];
  return kinds
    .map((what) => ({ what, count: last.left[what] - before.left[what], calls }))
    .filter(({ what, count }) => {
      const most = what === "connections" ? requestsOf(last) : calls;
      return calls >= leastCalls && count >= most * mostShare;
    });
}

/** Requests to backends: each may have a connection. */
function requestsOf({ seen, requests }: Evidence): number {
  return Math.max(requests.length, seen.asked.length + seen.uncounted);
}

/** Connections that calls at once opened, where each opens one. */
export function connectedBy(crowds: readonly Evidence[]): Growth | undefined {
  const shares = crowds.slice(-2).map((one) => one.seen.connections.opened / requestsOf(one));
  const last = crowds.at(-1);
  if (last === undefined || last.requests.length < leastCalls || shares.length < 2) {
    return undefined;
  }
  return shares.every((share) => share >= connectionShare)
    ? {
        what: "connections",
        count: last.seen.connections.opened,
        calls: last.requests.length,
      }
    : undefined;
}
