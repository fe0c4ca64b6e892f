import { setTimeout } from "node:timers/promises";
import type { JsonValue } from "@bufbuild/protobuf";
import type { ExecutorVitals, GetVitalsResponse } from "@unblock/proto/gen/vitals";
import type { Observation } from "../../service/observation.ts";
import { burstDeadlineMs, burstMs } from "../faults.ts";
import type { Fired, Session } from "../session.ts";
import type { HoldingCounts, Usage } from "../world/holdings.ts";
import type { Seen } from "../world/log.ts";
import type { TreeUse } from "./system.ts";

/** Work of a pool during a burst. */
export type PoolWork = Pick<ExecutorVitals, "maxRunning" | "completed" | "cpuMs">;

export type BackendCalls = Pick<HoldingCounts, "calls" | "maxInProgress">;

/** All evidence of one burst. */
export interface Evidence extends Fired {
  readonly requests: readonly JsonValue[];
  /** Part of the backends' values. */
  readonly mark: string;
  /** Share of the time in which the event loop was not idle, 0 to 1. */
  readonly loopUtilization: number;
  readonly pools: ReadonlyMap<string, PoolWork>;
  /** Requests at the backends except the database, whose driver runs in the service. */
  readonly seen: Seen;
  /** Queries, and blocking work of the toolbox. */
  readonly usage: Usage;
  readonly observed: Observation;
  /** Undefined where the operating system does not say. */
  readonly tree: TreeUse | undefined;
  /** What was left when all calls had ended. */
  readonly left: Left;
}

export interface Left {
  readonly threads: number;
  readonly processes: number;
  readonly connections: number;
  readonly files: number;
  readonly intervals: number;
}

const pollMs = 15;
/** Time that handlers get to end whose calls have waited in vain for as long as a burst's calls may. */
const hangsMs = 2_000;

/** The service's pools that a learner may use. */
export const pools = ["blocking-pool", "cpu-pool", "processes"] as const;

/** Work of a pool; zero when there is none of that name. */
export function workOf({ pools }: Evidence, name: string): PoolWork {
  return pools.get(name) ?? { maxRunning: 0, completed: 0, cpuMs: 0 };
}

export function hasFailed({ replies }: Evidence): boolean {
  return replies.some(({ code }) => code !== "ok");
}

/** Calls of a backend; "services" are service-1 to service-5 together. */
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
  let maxInProgress = 0;
  for (const { change } of turns) {
    inProgress += change;
    maxInProgress = Math.max(maxInProgress, inProgress);
  }
  return { calls: asked.length + seen.uncounted, maxInProgress };
}

/** CPU time of the service with all its threads and processes. */
export function cpuMsOf({ tree, observed, pools }: Evidence): number {
  const inProcesses = pools.get("processes")?.cpuMs ?? 0;
  return tree === undefined
    ? observed.processCpuMs + inProcesses
    : tree.loopCpuMs + tree.threadsCpuMs + tree.helpersCpuMs + tree.childrenCpuMs + inProcesses;
}

/** CPU time of the event loop's thread. */
export function loopCpuMsOf({ tree, observed }: Evidence): number {
  return tree?.loopCpuMs ?? observed.loopCpuMs;
}

/** Fires a burst and gathers all evidence of it. @param timeoutMs deadline of the call at an index */
export async function gather(
  session: Session,
  requests: readonly JsonValue[],
  timeoutMs: (index: number) => number,
): Promise<Evidence> {
  const { service, callers, world, tree, analytics } = session;
  const before = await service.within(
    burstMs,
    "held the event loop, and the check got no answer",
    callers.vitals(true),
  );
  await service.begin();
  await world.restart("right", requests);
  analytics?.restartWindow();
  const endTree = tree.begin();
  const { burst, replies } = await service.within(
    burstMs,
    `did not answer ${requests.length} calls at once`,
    callers.fire(requests, timeoutMs),
  );
  const used = endTree();
  const haveHung = replies.some(({ ms = 0 }) => ms >= burstDeadlineMs);
  const after = await settled(session, haveHung ? hangsMs : Number.POSITIVE_INFINITY);
  return {
    burst,
    replies,
    requests,
    mark: world.mark,
    loopUtilization: after.eventLoop?.utilization ?? 0,
    pools: poolsBetween(before, after),
    ...(await readSeen(session)),
    usage: world.holdings.usage(service.pid),
    tree: used,
  };
}

/** Reads, also again, what the service and the backends have seen since the window began, and what is left. */
export async function readSeen({
  service,
  world,
  analytics,
  tree,
}: Session): Promise<Pick<Evidence, "observed" | "seen" | "left">> {
  const observed = await service.observe();
  const atBackends = await world.seen();
  const connections = analytics?.connections() ?? atBackends.connections;
  return {
    observed,
    seen: { ...atBackends, connections },
    left: {
      threads: observed.ownThreads,
      processes: tree.children(),
      connections: connections.open,
      files: tree.files(),
      intervals: observed.intervals,
    },
  };
}

/**
 * Waits until no handler and no pool of the service works, for disconnected clients either.
 *
 * @param limitMs time after which handlers that never end are left alone
 */
function settled({ service, callers }: Session, limitMs: number): Promise<GetVitalsResponse> {
  const beganMs = performance.now();
  const isBusy = ({ name, running, queued }: ExecutorVitals) =>
    name !== "background" && running + queued > 0;
  const poll = async () => {
    for (;;) {
      const vitals = await callers.vitals();
      const { handler } = await service.observe();
      const hasEnded = handler.begun === handler.ended && !vitals.executors.some(isBusy);
      if (hasEnded || performance.now() - beganMs > limitMs) {
        return vitals;
      }
      await setTimeout(pollMs);
    }
  };
  return service.within(burstMs, "did not come to an end with calls that are over", poll());
}

/** Work of the pools, which count since the server's start. */
function poolsBetween(
  before: GetVitalsResponse,
  after: GetVitalsResponse,
): ReadonlyMap<string, PoolWork> {
  return new Map(
    after.executors.map(({ name, maxRunning, completed, cpuMs }) => {
      const earlier = before.executors.find((pool) => pool.name === name);
      const work = {
        maxRunning,
        completed: completed - (earlier?.completed ?? 0),
        cpuMs: cpuMs - (earlier?.cpuMs ?? 0),
      };
      return [name, work];
    }),
  );
}
