import { recordCall } from "../call-record.ts";
import type { CallInProgress, CallResult } from "../drivers/driver.ts";
import { statusName } from "../drivers/status.ts";
import { LatencyHistogram } from "../histogram.ts";
import type { SlowCall } from "../report/report.ts";
import { Sample, Slowest, Tally } from "./bounded.ts";
import type { SelfWatch } from "./judge.ts";
import type { IntervalPart, SampledCall, ThreadTotals } from "./plan.ts";

/** The length of an interval, in milliseconds. */
export const intervalMs = 1_000;
const mostErrorMessages = 100;
/** A process with its threads is one place; there can be many of them. */
const mostPlaces = 1_000;

/** A call. Times are on this thread's `performance.now()`. */
export interface SentCall {
  /** The call's number, from 1. */
  readonly n: number;
  /** When it was meant to be sent. */
  readonly intendedMs: number;
  readonly sentMs: number;
  /** When its last message came; undefined before the first. */
  messageMs: number | undefined;
  /** Undefined until it is on its way. */
  sending: CallInProgress | undefined;
}

/** What calls say that had no response when the load ended: who gives a call up, cancels it. */
const unfinishedCode = "canceled";
const unfinishedMessage = "No response when the load ended";
const unsentMessage = "Not sent when the load ended: too many calls were in progress";

/** Ends that the caller did not wait for: the wait for the next message was at least so long. */
const cutShort: ReadonlySet<string> = new Set(["deadline_exceeded", unfinishedCode]);

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
  readonly #inProgress = new Set<SentCall>();
  #unfinished = 0;
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
    return this.#inProgress.size;
  }

  /** When the last call ended; 0 before the first has. */
  get lastEndMs(): number {
    return this.#lastEndMs;
  }

  /** @param lateMs how long after its intended moment; 0 when it was held back on purpose */
  sent(call: SentCall, lateMs: number): void {
    this.#sent++;
    this.#inProgress.add(call);
    this.#lateness?.record(lateMs);
  }

  /** A message of a server stream has come. */
  message(call: SentCall, nowMs: number): void {
    this.#waitedForMessage(call, nowMs);
    call.messageMs = nowMs;
  }

  ended(call: SentCall, endedMs: number, result: CallResult): void {
    this.#inProgress.delete(call);
    this.#service?.record(endedMs - call.sentMs);
    if (cutShort.has(result.code)) {
      this.#waitedForMessage(call, endedMs);
    }
    this.#count(call, endedMs, result);
  }

  /** A call was due, and there was no room for it until the load ended. */
  unsent(n: number, intendedMs: number, nowMs: number): void {
    this.#unfinished++;
    const call = { n, intendedMs, sentMs: nowMs, messageMs: undefined, sending: undefined };
    this.#count(call, nowMs, {
      code: unfinishedCode,
      message: unsentMessage,
      header: { get: () => null },
      connection: -1,
      writtenMs: 0,
    });
  }

  /** Cancels what is in progress: it counts as failed, and its latency is its age. */
  giveUp(): void {
    for (const call of this.#inProgress) {
      this.#unfinished++;
      call.sending?.cancel(unfinishedCode, unfinishedMessage);
    }
  }

  #count(call: SentCall, endedMs: number, result: CallResult): void {
    this.closeIntervals(endedMs);
    const latencyMs = endedMs - call.intendedMs;
    this.#calls++;
    this.#lastEndMs = endedMs;
    this.#latency.record(latencyMs);
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
    this.#slowest.offer(latencyMs, () => this.#describe(call, endedMs, result));
  }

  #waitedForMessage({ sentMs, messageMs }: SentCall, nowMs: number): void {
    if (messageMs === undefined) {
      this.#firstMessage?.record(nowMs - sentMs);
    } else {
      this.#messageGap?.record(nowMs - messageMs);
    }
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
      unfinished: this.#unfinished,
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

  #describe({ n, intendedMs, sentMs }: SentCall, endedMs: number, result: CallResult): SlowCall {
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
