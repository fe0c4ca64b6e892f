import { Worker } from "node:worker_threads";
import { monotonicMs } from "@unblock/measure/clock";
import { LatencyHistogram } from "../histogram.ts";
import type { Interval, SlowCall, Verdict } from "../report/report.ts";
import { mergeSamples, slowestOf, Tally } from "./bounded.ts";
import { judge } from "./judge.ts";
import type { LoadThreadData } from "./load-thread.ts";
import type {
  DrainLimits,
  FromThread,
  IntervalPart,
  LoadPlan,
  Loop,
  SampledCall,
  ThreadTotals,
  ToThread,
} from "./plan.ts";
import { Timeline } from "./timeline.ts";

/** Result of a load. */
export interface LoadResult {
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
  /** Calls by code, such as "ok". */
  readonly codes: Readonly<Record<string, number>>;
  /** Calls by message of the failure. */
  readonly errors: Readonly<Record<string, number>>;
  /** Calls by executor. */
  readonly ranOn: Readonly<Record<string, number>>;
  readonly intervals: readonly Interval[];
  readonly verdict: Verdict;
  readonly sample: readonly SampledCall[];
  readonly slowest: readonly SlowCall[];
  /** Calls without a response at the end: failed, with their age as latency. */
  readonly unfinished: number;
  readonly heldBack: number;
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
    await Promise.all(threads.map((thread) => thread.ready));
    if (plan.warmupMs > 0 && !signal?.aborted) {
      // Another seed: the requests of the run must be new to the server.
      await runPhase(threads, warmUpLoop(plan), `${plan.seed} warm-up`, () => {}, signal);
    }
    const timeline = new Timeline(plan.threads);
    const totals = await runPhase(
      threads,
      signal?.aborted ? withoutCalls(plan.loop) : plan.loop,
      plan.seed,
      (thread, part) => {
        const interval = timeline.add(thread, part);
        if (interval) {
          options.onInterval?.(interval);
        }
      },
      signal,
    );
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
  readonly ready: Promise<void>;
  #onInterval: (part: IntervalPart) => void = () => {};
  #onEnded: (totals: ThreadTotals) => void = () => {};
  #onFailed: (error: Error) => void = () => {};

  constructor(data: LoadThreadData) {
    this.#worker = new Worker(new URL("./load-thread.ts", import.meta.url), {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb },
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#onFailed = reject;
    this.#worker.on("error", (error: unknown) =>
      this.#onFailed(error instanceof Error ? error : new Error(String(error))),
    );
    this.#worker.on("message", (message: FromThread) => {
      switch (message.kind) {
        case "ready":
          resolve();
          break;
        case "failed":
          this.#onFailed(new Error(message.message));
          break;
        case "interval":
          this.#onInterval(message.part);
          break;
        case "ended":
          this.#onEnded(message.totals);
          break;
      }
    });
  }

  /** Runs a phase to its end. */
  run(message: ToThread, onInterval: (part: IntervalPart) => void): Promise<ThreadTotals> {
    const { promise, resolve, reject } = Promise.withResolvers<ThreadTotals>();
    this.#onInterval = onInterval;
    this.#onEnded = resolve;
    this.#onFailed = reject;
    this.post(message);
    return promise;
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
      thread.post({ kind: "stop" });
    }
  };
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.all(
      threads.map((thread, index) =>
        thread.run({ kind: "run", phase }, (part) => onInterval(index, part)),
      ),
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
  timeline: Timeline,
  totals: readonly ThreadTotals[],
  interrupted: boolean,
): LoadResult {
  const { evidence, intervals } = timeline;
  const count = (of: (thread: ThreadTotals) => Readonly<Record<string, number>>) => {
    const tally = new Tally(1_000);
    for (const thread of totals) {
      tally.addAll(of(thread));
    }
    return tally.counts;
  };
  const merge = (of: (thread: ThreadTotals) => string | undefined) => {
    const encoded = totals.flatMap((thread) => of(thread) ?? []);
    return encoded.length === 0
      ? undefined
      : LatencyHistogram.merge(encoded.map((one) => LatencyHistogram.decode(one)));
  };
  const reasons = judge(evidence);
  const codes = count((thread) => thread.codes);
  const calls = (thread: ThreadTotals) =>
    Object.values(thread.codes).reduce((sum, times) => sum + times, 0);
  const { loop } = plan;
  const byRequests = loop.kind === "closed" && "requests" in loop.until;
  return {
    plan,
    endReason: interrupted ? "interrupted" : byRequests ? "requests" : "duration",
    endedAt: new Date(),
    wallMs: Math.max(0, ...totals.map(({ endMs }) => endMs)),
    latency: evidence.latency,
    service: merge(({ service }) => service) ?? evidence.latency,
    lateness: evidence.lateness,
    firstMessage: merge(({ firstMessage }) => firstMessage),
    messageGap: merge(({ messageGap }) => messageGap),
    codes,
    errors: count(({ errors }) => errors),
    ranOn: count(({ ranOn }) => ranOn),
    intervals,
    verdict: { client_limited: reasons.length > 0, reasons },
    sample: mergeSamples(totals.map((thread) => ({ items: thread.sample, of: calls(thread) }))),
    slowest: slowestOf(totals.flatMap(({ slowest }) => slowest)),
    unfinished: totals.reduce((sum, { unfinished }) => sum + unfinished, 0),
    heldBack: totals.reduce((sum, { heldBack }) => sum + heldBack, 0),
  };
}
