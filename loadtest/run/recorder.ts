import { recordCall } from "../call-record.ts";
import type { CallResult } from "../drivers/driver.ts";
import { LatencyHistogram } from "../histogram.ts";
import type { SlowCall } from "../report/report.ts";
import { statusName } from "../report/status-names.ts";
import type { IntervalPart, SampledCall, ThreadTotals } from "./messages.ts";
import { Sample } from "./sample.ts";
import type { SelfWatch } from "./self-watch.ts";
import { Slowest } from "./slowest.ts";
import { Tally } from "./tally.ts";

/** The length of an interval, in milliseconds. */
export const intervalMs = 1_000;
const mostErrorMessages = 100;
/** A process with its threads is one place; there can be many of them. */
const mostPlaces = 1_000;

/** A call that has ended. Times are on this thread's `performance.now()`. */
export interface EndedCall {
  /** The call's number, from 1. */
  readonly n: number;
  /** When it was meant to be sent. */
  readonly intendedMs: number;
  readonly sentMs: number;
  readonly endedMs: number;
  readonly result: CallResult;
}

export interface RecorderOptions {
  readonly thread: number;
  /** The run's begin, on this thread's `performance.now()` and on the machine's monotonic clock. */
  readonly beginMs: number;
  readonly originMs: number;
  /** Whether calls have a moment that they are meant for. */
  readonly open: boolean;
  readonly streaming: boolean;
  readonly selfWatch: SelfWatch;
  readonly onInterval: (part: IntervalPart) => void;
}

/** Counts what one thread's calls do, in a memory that does not grow. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #latency = new LatencyHistogram();
  readonly #lateness: LatencyHistogram | undefined;
  readonly #service: LatencyHistogram | undefined;
  readonly #firstMessage: LatencyHistogram | undefined;
  readonly #messageGap: LatencyHistogram | undefined;
  readonly #codes = new Tally(100);
  readonly #errors = new Tally(mostErrorMessages);
  readonly #places = new Tally(mostPlaces);
  readonly #sample = new Sample<SampledCall>();
  readonly #slowest = new Slowest();
  #index = 0;
  #sent = 0;
  #calls = 0;
  #failed = 0;
  #inProgress = 0;
  #lastEndMs = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
    if (options.open) {
      this.#lateness = new LatencyHistogram();
      this.#service = new LatencyHistogram();
    }
    if (options.streaming) {
      this.#firstMessage = new LatencyHistogram();
      this.#messageGap = new LatencyHistogram();
    }
    options.selfWatch.read();
  }

  get inProgress(): number {
    return this.#inProgress;
  }

  /** @param lateMs how long after its intended moment; 0 when it was held back on purpose */
  sent(lateMs: number): void {
    this.#sent++;
    this.#inProgress++;
    this.#lateness?.record(lateMs);
  }

  ended(call: EndedCall): void {
    const { intendedMs, sentMs, endedMs, result } = call;
    this.closeIntervals(endedMs);
    const latencyMs = endedMs - intendedMs;
    this.#inProgress--;
    this.#calls++;
    this.#lastEndMs = endedMs;
    this.#latency.record(latencyMs);
    this.#service?.record(endedMs - sentMs);
    this.#codes.add(result.code);
    if (result.code !== "ok") {
      this.#failed++;
      this.#errors.add(result.message || statusName(result.code));
    }
    const place = result.header.get("unblock-ran-on");
    if (place !== null) {
      this.#places.add(place);
    }
    this.#sample.offer(() => ({
      endedMs: this.#since(endedMs),
      latencyMs,
      code: result.code,
      message: result.message,
    }));
    this.#slowest.offer(latencyMs, () => this.#describe(call));
  }

  firstMessage(sinceSentMs: number): void {
    this.#firstMessage?.record(sinceSentMs);
  }

  messageGap(ms: number): void {
    this.#messageGap?.record(ms);
  }

  /** Hands over the intervals that are over at `nowMs`. */
  closeIntervals(nowMs: number): void {
    const index = Math.floor(this.#since(nowMs) / intervalMs);
    if (index > this.#index) {
      this.#closeInterval((this.#index + 1) * intervalMs);
      this.#index = index;
    }
  }

  /** Hands over the last interval, and gives what was counted over all of them. */
  finish(heldBack: number): ThreadTotals {
    const nowMs = performance.now();
    this.closeIntervals(nowMs);
    this.#closeInterval(this.#since(nowMs));
    const places = new Tally(mostPlaces);
    for (const [ranOn, calls] of Object.entries(this.#places.counts)) {
      places.add(ranOn.split(";", 1)[0] ?? ranOn, calls);
    }
    return {
      codes: this.#codes.counts,
      errors: this.#errors.counts,
      places: places.counts,
      service: this.#service?.encode(),
      firstMessage: this.#firstMessage?.encode(),
      messageGap: this.#messageGap?.encode(),
      sample: this.#sample.items,
      slowest: this.#slowest.calls,
      unfinished: this.#inProgress,
      heldBack,
      endMs: this.#since(this.#lastEndMs),
    };
  }

  #closeInterval(endMs: number): void {
    this.#options.onInterval({
      index: this.#index,
      endMs,
      sent: this.#sent,
      calls: this.#calls,
      errors: this.#failed,
      latency: [...this.#latency.buckets()],
      lateness: this.#lateness && [...this.#lateness.buckets()],
      self: this.#options.selfWatch.read(),
    });
    this.#sent = 0;
    this.#calls = 0;
    this.#failed = 0;
    this.#latency.reset();
    this.#lateness?.reset();
  }

  #since(ms: number): number {
    return ms - this.#options.beginMs;
  }

  #describe({ n, intendedMs, sentMs, endedMs, result }: EndedCall): SlowCall {
    const { originMs, thread } = this.#options;
    const record = recordCall(result, originMs, this.#since(sentMs), this.#since(endedMs));
    const ranOn = result.header.get("unblock-ran-on");
    return {
      n,
      intended_ms: this.#since(intendedMs),
      sent_ms: record.sentMs,
      written_ms: result.writtenMs === 0 ? record.endedMs : this.#since(result.writtenMs),
      ...(record.beganMs === undefined ? {} : { began_ms: record.beganMs }),
      ended_ms: record.endedMs,
      latency_ms: endedMs - intendedMs,
      status: statusName(record.code),
      error: record.message,
      thread,
      connection: result.connection,
      steps: record.steps,
      ...(ranOn === null ? {} : { ran_on: ranOn }),
    };
  }
}
