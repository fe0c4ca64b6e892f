import { on } from "node:events";
import { Worker } from "node:worker_threads";
import { monotonicMs } from "@unblock/measure/clock";
import { LatencyHistogram } from "../histogram.ts";
import type { Interval, UnblockReport } from "../report/report.ts";
import { mergeSamples, slowestOf, Tally } from "./bounded.ts";
import { judge } from "./judge.ts";
import type { LoadThreadData } from "./load-thread.ts";
import {
  type Counts,
  type DrainLimits,
  type FromThread,
  type IntervalPart,
  type LoadPlan,
  type Loop,
  type Phase,
  requestsOf,
  type ThreadTotals,
  type ToThread,
} from "./plan.ts";
import { Timeline } from "./timeline.ts";

export interface LoadResult extends Counts {
  readonly plan: LoadPlan;
  readonly endReason: "requests" | "duration" | "interrupted";
  readonly endedAt: Date;
  /** From the start to the end of the last call. */
  readonly wallMs: number;
  /** From the intended moment of each call, which in a closed loop is the send. */
  readonly latency: LatencyHistogram;
  /** From the send. */
  readonly service: LatencyHistogram;
  /** Open loop only. */
  readonly lateness: LatencyHistogram | undefined;
  /** Server streams only. */
  readonly firstMessage: LatencyHistogram | undefined;
  readonly messageGap: LatencyHistogram | undefined;
  readonly intervals: readonly Interval[];
  readonly verdict: UnblockReport["verdict"];
}

export interface RunOptions {
  /** Called for each second when it is complete. */
  readonly onInterval?: (interval: Interval) => void;
  /** Ends the load early. */
  readonly signal?: AbortSignal;
  /** Default: 2 s after an interruption, 30 s for calls without a deadline. */
  readonly drainLimits?: DrainLimits;
}

const defaultDrainLimits: DrainLimits = { interruptedMs: 2_000, withoutDeadlineMs: 30_000 };
/** Time between the message to start and the start, so that all threads are ready. */
const leadMs = 10;
/** Limit of V8's young generation, which otherwise grows in a long run without a gain in speed. */
const maxYoungGenerationSizeMb = 48;

/**
 * Runs a load in its own threads, so that other work of the process does not disturb it.
 *
 * @throws Error when the server can't be reached
 */
export async function runLoad(plan: LoadPlan, options: RunOptions = {}): Promise<LoadResult> {
  const { signal, drainLimits = defaultDrainLimits } = options;
  const threads = Array.from(
    { length: plan.threads },
    (_, thread) => new LoadThread({ plan, drainLimits, thread }),
  );
  try {
    await Promise.all(threads.map((thread) => thread.ready()));
    if (plan.warmupMs > 0 && !signal?.aborted) {
      // Another seed: the requests of the run must be new to the server.
      await runPhase(threads, warmUpLoop(plan), `${plan.seed} warm-up`, () => {}, signal);
    }
    const timeline = new Timeline(plan.threads);
    const loop = signal?.aborted ? withoutCalls(plan.loop) : plan.loop;
    const onPart = (thread: number, part: IntervalPart) => {
      const interval = timeline.add(thread, part);
      if (interval) {
        options.onInterval?.(interval);
      }
    };
    const totals = await runPhase(threads, loop, plan.seed, onPart, signal);
    threads.forEach((_, thread) => {
      timeline.ended(thread);
    });
    return summarize(plan, timeline, totals, signal?.aborted === true);
  } finally {
    await Promise.all(threads.map((thread) => thread.close()));
  }
}

class LoadThread {
  readonly #worker: Worker;
  readonly #messages: AsyncIterator<FromThread[]>;

  constructor(workerData: LoadThreadData) {
    this.#worker = new Worker(new URL("./load-thread.ts", import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb },
    });
    // Its iterator rejects after an error in the thread.
    this.#messages = on(this.#worker, "message");
  }

  async ready(): Promise<void> {
    await this.#messages.next();
  }

  async run(phase: Phase, onInterval: (part: IntervalPart) => void): Promise<ThreadTotals> {
    this.post(phase);
    for (;;) {
      const { value } = await this.#messages.next();
      const message: FromThread = value[0];
      if (message.kind === "ended") {
        return message.totals;
      }
      if (message.kind === "interval") {
        onInterval(message.part);
      }
    }
  }

  post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

async function runPhase(
  threads: readonly LoadThread[],
  loop: Loop,
  seed: string,
  onInterval: (thread: number, part: IntervalPart) => void,
  signal: AbortSignal | undefined,
): Promise<ThreadTotals[]> {
  const claims = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const phase = { loop, startMs: monotonicMs() + leadMs, claims, seed };
  const stop = () => {
    for (const thread of threads) {
      thread.post("stop");
    }
  };
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.all(
      threads.map((thread, index) => thread.run(phase, (part) => onInterval(index, part))),
    );
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/** The same kind of loop as the measured one; an open loop keeps the rate of its first stage. */
function warmUpLoop({ loop, warmupMs }: LoadPlan): Loop {
  if (loop.kind === "closed") {
    return { ...loop, until: { durationMs: warmupMs } };
  }
  const rate = loop.stages[0]?.fromRate ?? 0;
  return { ...loop, stages: [{ fromRate: rate, toRate: rate, durationMs: warmupMs }] };
}

/** The loop of a load that was interrupted during its warm-up. */
function withoutCalls(loop: Loop): Loop {
  return loop.kind === "closed" ? { ...loop, until: { requests: 0 } } : { ...loop, stages: [] };
}

function summarize(
  plan: LoadPlan,
  { evidence, intervals }: Timeline,
  totals: readonly ThreadTotals[],
  interrupted: boolean,
): LoadResult {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
  const count = (name: "codes" | "errors" | "ranOn") => {
    const tally = new Tally();
    for (const [key, times] of totals.flatMap((thread) => Object.entries(thread[name]))) {
      tally.add(key, times);
    }
    return tally.counts;
  };
  const merge = (name: "service" | "firstMessage" | "messageGap") => {
    const encoded = totals.flatMap((thread) => thread[name] ?? []);
    return encoded.length === 0 ? undefined : LatencyHistogram.merge(encoded);
  };
  const reasons = judge(evidence);
  const byItself = requestsOf(plan.loop) === undefined ? "duration" : "requests";
  return {
    plan,
    endReason: interrupted ? "interrupted" : byItself,
    endedAt: new Date(),
    wallMs: Math.max(0, ...totals.map(({ endMs }) => endMs)),
    latency: evidence.latency,
    service: merge("service") ?? evidence.latency,
    lateness: evidence.lateness,
    firstMessage: merge("firstMessage"),
    messageGap: merge("messageGap"),
    codes: count("codes"),
    errors: count("errors"),
    ranOn: count("ranOn"),
    intervals,
    verdict: { client_limited: reasons.length > 0, reasons },
    sample: mergeSamples(
      totals.map(({ sample, codes }) => ({ items: sample, of: sum(Object.values(codes)) })),
    ),
    slowest: slowestOf(totals.flatMap(({ slowest }) => slowest)),
    unfinished: sum(totals.map(({ unfinished }) => unfinished)),
    heldBack: sum(totals.map(({ heldBack }) => heldBack)),
  };
}
