import type { Strategy } from "../gen/unblock/v1/exercise_pb.ts";
import type { CallRecord } from "../loadtest/call-record.ts";
import type { Interval } from "../measure/statistics.ts";
import type { Exercise } from "../registry/exercises.ts";

/** One strategy of one exercise, at one number of CPU workers: a row of the lab. */
export interface Subject {
  readonly exercise: Exercise;
  readonly strategy: Strategy;
  /** Threads for CPU work that its server has. */
  readonly cpuWorkers: number;
  /** Whether it is there only to be compared with: the recommended strategy with one CPU worker. */
  readonly isOneWorker: boolean;
}

/** One burst, or several short ones after each other, in one round. Times are in milliseconds. */
export interface Sample {
  readonly round: number;
  /** Of several, the median burst's. */
  readonly wallMs: number;
  readonly idealMs: number;
  readonly expectedMs: Interval;
  /** Calls of the burst that took `wallMs`. */
  readonly burst: readonly CallRecord[];
  /** Calls of all bursts. */
  readonly calls: readonly CallRecord[];
  readonly probeMs: readonly number[];
  readonly loopDelayMaxMs: number;
  /** A fixed piece of work just before and after: the machine's speed. */
  readonly speedMs: number;
  /** CPU time of the server and all it started, for all calls; undefined where the system does not say. */
  readonly serverCpuMs: number | undefined;
  /** In words; undefined when nothing disturbed it. */
  readonly disturbedBy: string | undefined;
}

/** What a right strategy costs beside its wall time. */
export interface Costs {
  /** Of its own JavaScript threads or processes, in MB; undefined where it was not measured. */
  readonly memoryMb: number | undefined;
  /** CPU time of the server and all it started, in milliseconds. */
  readonly cpuPerCallMs: number | undefined;
  /** Wall time of ten times as many calls; of computing, each with a tenth of the work. */
  readonly tenTimesMs: number | undefined;
  /** What ends with a crash where it ran. */
  readonly crashTakes: string;
}

/** Where the calls of a burst ran. `threads` is null where threads have no number. */
export interface RanOn {
  readonly place: string;
  readonly processes: number;
  readonly threads: number | null;
}

/** What the samples of a subject show. Times are in milliseconds. */
export interface Measurement extends Subject {
  readonly samples: readonly Sample[];
  /** Samples that the figures are of: the undisturbed ones, or all when there is none. */
  readonly used: readonly Sample[];
  readonly wallMs: { readonly min: number; readonly median: number; readonly max: number };
  readonly wallInterval: Interval | undefined;
  readonly idealMs: number;
  /** Median wall time over the ideal of the same burst; null when the caller need not wait for the work. */
  readonly ratio: number | null;
  readonly ratioInterval: Interval | undefined;
  readonly expectedMs: Interval;
  /** Null where nothing can be concluded. */
  readonly withinExpected: boolean | null;
  /** Why nothing can be concluded, in words; undefined when something can. */
  readonly inconclusive: string | undefined;
  /** Whether it is not what the specification says of such a strategy. */
  readonly isSurprising: boolean;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly loopDelayMaxMs: number;
  readonly probeP99Ms: number;
  readonly ranOn: RanOn;
  readonly errors: number;
  /** What the server said with the first call that failed. */
  readonly firstError: string | undefined;
  /** The calls of the sample whose wall time is the median. */
  readonly medianBurst: readonly CallRecord[];
  /** Of right strategies only, when they have been measured. */
  readonly costs: Costs | undefined;
}
