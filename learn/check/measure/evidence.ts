import { setTimeout } from "node:timers/promises";
import type { JsonValue } from "@bufbuild/protobuf";
import type { GetVitalsResponse, PlaceVitals } from "../../../gen/unblock/v1/vitals_pb.ts";
import type { Burst } from "../../../loadtest/burst.ts";
import type { Observation } from "../../service/observation.ts";
import { burstMs } from "../faults.ts";
import type { Reply, Session } from "../session.ts";
import type { Usage } from "../world/holdings.ts";
import type { Seen } from "../world/log.ts";
import type { TreeUse, TreeWatch } from "./system.ts";

/** What a place did while a burst was served. */
export interface PlaceWork {
  readonly mostRunning: number;
  readonly completed: number;
  readonly failed: number;
  readonly withdrawn: number;
  readonly cpuMs: number;
}

/** What a backend saw of it. */
export interface BackendCalls {
  readonly calls: number;
  readonly mostInProgress: number;
}

/** All that is known of one burst. */
export interface Evidence {
  readonly burst: Burst;
  /** How each call was answered, in the order of the requests. */
  readonly replies: readonly Reply[];
  readonly requests: readonly JsonValue[];
  /** 0 to 1: the part of the time in which the event loop was not idle. */
  readonly loop: { readonly utilization: number };
  readonly places: ReadonlyMap<string, PlaceWork>;
  /** What the backends saw, but for the database, whose driver is in the service. */
  readonly seen: Seen;
  /** What the toolbox noted. */
  readonly usage: Usage;
  readonly observed: Observation;
  /** What the operating system saw; undefined where it does not tell. */
  readonly tree: TreeUse | undefined;
  /** What was still there when all calls had ended. */
  readonly left: Left;
}

/** How many of each there are. */
export interface Left {
  readonly threads: number;
  readonly processes: number;
  readonly connections: number;
  readonly files: number;
  readonly intervals: number;
}

/** Between two polls whether all has ended, in milliseconds. */
const pollMs = 15;

const nothing: PlaceWork = { mostRunning: 0, completed: 0, failed: 0, withdrawn: 0, cpuMs: 0 };

/** What a place did; nothing, when there is no such place. */
export function workOf({ places }: Evidence, name: string): PlaceWork {
  return places.get(name) ?? nothing;
}

/** What a backend saw; "services" are service-1 to service-5 together. */
export function callsOf({ seen, usage }: Evidence, name: string): BackendCalls {
  if (name === "database") {
    return usage.query;
  }
  const asked = seen.asked.filter(({ backend }) =>
    name === "services" ? backend.startsWith("service-") : backend === name,
  );
  const turns = asked
    .flatMap(({ beganMs, endedMs }) => [
      { atMs: beganMs, change: 1 },
      { atMs: endedMs, change: -1 },
    ])
    .sort((a, b) => a.atMs - b.atMs || a.change - b.change);
  let inProgress = 0;
  let mostInProgress = 0;
  for (const { change } of turns) {
    inProgress += change;
    mostInProgress = Math.max(mostInProgress, inProgress);
  }
  return { calls: asked.length + seen.uncounted, mostInProgress };
}

/** CPU time of all that belongs to the service, in milliseconds. */
export function cpuMsOf({ tree, observed, places }: Evidence): number {
  const inProcesses = places.get("processes")?.cpuMs ?? 0;
  return tree === undefined
    ? observed.processCpuMs + inProcesses
    : tree.loopCpuMs + tree.threadsCpuMs + tree.childrenCpuMs + inProcesses;
}

/** CPU time of the event loop's thread, in milliseconds. */
export function loopCpuMsOf({ tree, observed }: Evidence): number {
  return tree?.loopCpuMs ?? observed.loopCpuMs;
}

/**
 * Fires calls at once, and gathers what everybody saw of it.
 *
 * @param timeoutMs the deadline of the nth call, from 0
 */
export async function gather(
  { service, callers, world, tree, analytics }: Session,
  requests: readonly JsonValue[],
  timeoutMs: (index: number) => number,
): Promise<Evidence> {
  const before = await service.within(burstMs, noAnswer, callers.restartWindow());
  await service.begin();
  await world.restart("right");
  analytics?.restartWindow();
  const endTree = tree.begin();
  const { burst, replies } = await service.within(
    burstMs,
    `did not answer ${requests.length} calls at once`,
    callers.fire(requests, timeoutMs),
  );
  const treeAtEnd = endTree();
  const after = await settled({ service, callers });
  const observed = await service.observe();
  const seen = await seenBy({ world, analytics });
  return {
    burst,
    replies,
    requests,
    loop: { utilization: after.eventLoop?.utilization ?? 0 },
    places: placesBetween(before, after),
    seen,
    usage: world.holdings.usage(service.pid),
    observed,
    tree: treeAtEnd,
    left: leftOf(observed, seen, tree),
  };
}

async function seenBy({ world, analytics }: Pick<Session, "world" | "analytics">): Promise<Seen> {
  const seen = await world.seen();
  return analytics === undefined ? seen : { ...seen, connections: analytics.connections() };
}

/** What the backends have seen since the window began, and what is there now. */
export async function readSeen(session: Session): Promise<Pick<Evidence, "seen" | "left">> {
  const [observed, seen] = await Promise.all([session.service.observe(), seenBy(session)]);
  return { seen, left: leftOf(observed, seen, session.tree) };
}

function leftOf(
  { ownThreads, intervals }: Observation,
  { connections }: Seen,
  tree: TreeWatch,
): Left {
  return {
    threads: ownThreads,
    processes: tree.children(),
    connections: connections.open,
    files: tree.files(),
    intervals,
  };
}

/** Waits until no handler and no place of the service's own goes on: also not for callers who have given up. */
async function settled({
  service,
  callers,
}: Pick<Session, "service" | "callers">): Promise<GetVitalsResponse> {
  const poll = async () => {
    for (;;) {
      const vitals = await callers.vitals();
      const { handler } = await service.observe();
      const isBusy = ({ name, running, queued }: PlaceVitals) =>
        name !== "background" && running + queued > 0;
      if (handler.begun === handler.ended && !vitals.places.some(isBusy)) {
        return vitals;
      }
      await setTimeout(pollMs);
    }
  };
  return service.within(burstMs, "did not come to an end with calls that are over", poll());
}

const noAnswer = "held the event loop, and the check got no answer";

// Places count since the server's start.
function placesBetween(
  before: GetVitalsResponse,
  after: GetVitalsResponse,
): ReadonlyMap<string, PlaceWork> {
  return new Map(
    after.places.map((place) => {
      const earlier = before.places.find(({ name }) => name === place.name);
      return [place.name, difference(place, earlier)];
    }),
  );
}

function difference(now: PlaceVitals, earlier: PlaceVitals | undefined): PlaceWork {
  return {
    mostRunning: now.mostRunning,
    completed: now.completed - (earlier?.completed ?? 0),
    failed: now.failed - (earlier?.failed ?? 0),
    withdrawn: now.withdrawn - (earlier?.withdrawn ?? 0),
    cpuMs: now.cpuMs - (earlier?.cpuMs ?? 0),
  };
}
