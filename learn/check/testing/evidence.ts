import type { Observation } from "../../service/observation.ts";
import type { HoldingCounts } from "../../service/usage.ts";
import type { BackendCalls, Evidence, PlaceWork } from "../measure/evidence.ts";
import type { Measured } from "../measure/measured.ts";

const idle: HoldingCounts = {
  calls: 0,
  inProgress: 0,
  mostInProgress: 0,
  onLoop: 0,
  otherThreads: 0,
};

/** What was seen of a burst in which nothing happened but what a test says. */
export interface Seen {
  readonly waiting?: Partial<HoldingCounts>;
  readonly computing?: Partial<HoldingCounts>;
  readonly observed?: Partial<Observation>;
  readonly places?: Readonly<Record<string, Partial<PlaceWork>>>;
  readonly backends?: Readonly<Record<string, BackendCalls>>;
  readonly wallMs?: number;
  readonly bystanderMs?: readonly number[];
}

export function evidenceOf(seen: Seen): Evidence {
  const work = { mostRunning: 0, completed: 0, failed: 0, withdrawn: 0, cpuMs: 0 };
  return {
    burst: { wallMs: seen.wallMs ?? 60, calls: [], bystanderMs: seen.bystanderMs ?? [1] },
    loop: { utilization: 0.1, cpu: 0.1 },
    places: new Map(
      Object.entries(seen.places ?? {}).map(([name, did]) => [name, { ...work, ...did }]),
    ),
    backends: new Map(Object.entries(seen.backends ?? {})),
    observed: {
      usage: { waiting: { ...idle, ...seen.waiting }, computing: { ...idle, ...seen.computing } },
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
      blockages: [],
      pool: { longestWaitMs: 0, lateCalls: 0, lateMs: 0, threads: 4 },
      fetches: 0,
      rejections: [],
      refusedListening: null,
      ...seen.observed,
    },
  };
}

/** A measurement on two quiet cores. */
export function measuredOf(best: Evidence, rest: Partial<Measured> = {}): Measured {
  return {
    bursts: [best],
    best,
    alone: { runsMs: [50, 51, 52], atOnceMs: [], rounds: 0 },
    allowedMs: 150,
    idleBystanderMs: 1,
    busyCores: 0,
    cores: 2,
    ...rest,
  };
}
