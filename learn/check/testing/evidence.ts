import type { Asked } from "@unblock/exercises/check-plan";
import { exerciseOf } from "@unblock/proto/exercises";
import type { Observation } from "../../service/observation.ts";
import type { BackendCalls, Evidence, Left, PoolWork } from "../measure/evidence.ts";
import type { Measured } from "../measure/measured.ts";
import type { TreeUse } from "../measure/system.ts";
import type { HoldingCounts } from "../world/holdings.ts";
import type { ConnectionCounts } from "../world/log.ts";

const idle: HoldingCounts = {
  calls: 0,
  maxInProgress: 0,
  onLoop: 0,
  otherThreads: 0,
  otherProcesses: 0,
  begunMs: [],
};

/** Evidence of a burst that differs from an idle one. */
export interface Seen {
  readonly waiting?: Partial<HoldingCounts>;
  readonly computing?: Partial<HoldingCounts>;
  readonly observed?: Partial<Observation>;
  readonly tree?: Partial<TreeUse>;
  readonly pools?: Readonly<Record<string, Partial<PoolWork>>>;
  readonly backends?: Readonly<Record<string, BackendCalls>>;
  readonly connections?: ConnectionCounts;
  readonly left?: Partial<Left>;
  readonly calls?: number;
  readonly wallMs?: number;
  readonly probeMs?: readonly number[];
}

export function evidenceOf(seen: Seen): Evidence {
  const work = { maxRunning: 0, completed: 0, cpuMs: 0 };
  const { database, ...others } = seen.backends ?? {};
  const { calls = 10, wallMs = 60, probeMs = [1], connections = { opened: 0, open: 0 } } = seen;
  return {
    burst: { originMs: 0, wallMs, calls: [], probeMs },
    replies: Array(calls).fill({ code: "ok", message: "", body: {} }),
    requests: Array(calls).fill({}),
    mark: "",
    loopUtilization: 0.1,
    pools: new Map(
      Object.entries(seen.pools ?? {}).map(([name, did]) => [name, { ...work, ...did }]),
    ),
    seen: {
      asked: Object.entries(others).flatMap(([name, counts]) => askedOf(name, counts)),
      uncounted: 0,
      connections,
    },
    usage: {
      waiting: { ...idle, ...seen.waiting },
      computing: { ...idle, ...seen.computing },
      query: { ...idle, ...database },
    },
    observed: {
      handler: {
        begun: 10,
        ended: 10,
        answeredAfterAbort: 0,
        failedAfterAbort: 0,
        isAsync: true,
        problem: null,
      },
      loopCpuMs: 5,
      processCpuMs: 10,
      newThreads: 0,
      ownThreads: 0,
      newProcesses: 0,
      unreadBodies: 0,
      unreadResponses: 0,
      intervals: 0,
      blockages: [],
      pool: { maxWaitMs: 0, lateCalls: 0, lateMs: 0, threads: 4 },
      fetches: 0,
      rejections: [],
      rejectedListening: null,
      ...seen.observed,
    },
    tree: seen.tree && {
      loopCpuMs: 5,
      loopStarvedMs: 0,
      threadsCpuMs: 0,
      threadsStarvedMs: 0,
      helpersCpuMs: 0,
      childrenCpuMs: 0,
      units: [],
      newChildren: 0,
      children: 0,
      ...seen.tree,
    },
    left: { threads: 0, processes: 0, connections: 0, files: 0, intervals: 0, ...seen.left },
  };
}

/** Requests in rounds of as many as were in progress at once. */
function askedOf(name: string, { calls, maxInProgress }: BackendCalls): readonly Asked[] {
  const backend = name === "services" ? "service-1" : name;
  return Array.from({ length: calls }, (_, index) => {
    const turn = Math.floor(index / maxInProgress);
    return {
      backend,
      what: "",
      beganMs: turn * 10,
      endedMs: turn * 10 + 9,
      outcome: "answered",
      value: null,
    };
  });
}

export const nowhere: Measured["where"] = {
  strategy: "async",
  alsoCalled: [],
  held: undefined,
  waitsInWorkers: false,
  isOwn: false,
};

/** A measurement on two quiet cores. */
export function measuredOf(best: Evidence, rest: Partial<Measured> = {}): Measured {
  return {
    exercise: exerciseOf("A"),
    bursts: [best],
    crowds: [best, best],
    idle: { ms: 250, loopCpuMs: 5, tree: undefined, observed: evidenceOf({}).observed },
    best,
    where: nowhere,
    alone: { runsMs: [50, 51, 52], cpuMs: 50, atOnceMs: [], answers: new Map(), rounds: 0 },
    allowedMs: 150,
    idleProbeMs: 1,
    busyCores: 0,
    cores: 2,
    libuvThreads: 4,
    ...rest,
  };
}
