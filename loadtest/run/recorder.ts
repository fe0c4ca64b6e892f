import type { CallInProgress, CallResult } from "../drivers/driver.ts";
import { readServedCall, statusName } from "../drivers/response.ts";
import { LatencyHistogram } from "../histogram.ts";
import type { SlowCall } from "../report/report.ts";
import { Sample, Slowest, Tally } from "./bounded.ts";
import type { SelfWatch } from "./judge.ts";
import type { IntervalPart, SampledCall, ThreadTotals } from "./plan.ts";

export const intervalMs = 1_000;

/** A call. Times are on this thread's `performance.now()`. */
export interface SentCall {
  /** The call's number, from 1. */
  readonly n: number;
  readonly intendedMs: number;
  readonly sentMs: number;
  /** Time of the last message; undefined before the first. */
  messageMs: number | undefined;
  /** Undefined until the request is sent. */
  sending: CallInProgress | undefined;
}

const unfinishedCode = "canceled";
const unfinishedMessage = "No response when the load ended";
/** Codes of calls cut short by the client, whose wait for a message counts up to that moment. */
const cutShort: ReadonlySet<string> = new Set(["deadline_exceeded", unfinishedCode]);
const unsent: CallResult = {
  code: unfinishedCode,
  message: "Not sent when the load ended: too many calls were in progress",
  header: { get: () => null },
  connection: -1,
  writtenMs: 0,
};

export interface RecorderOptions {
  readonly thread: number;
  /** Start of the run on this thread's `performance.now()`, and on the machine's monotonic clock. */
  readonly startMs: number;
  readonly originMs: number;
  /** Whether calls have intended moments. */
  readonly open: boolean;
  readonly streaming: boolean;
  readonly selfWatch: SelfWatch;
  readonly onInterval: (part: IntervalPart) => void;
}

/** Counts the calls of one thread in constant memory. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #latency = new LatencyHistogram();
  readonly #lateness: LatencyHistogram | undefined;
  readonly #service: LatencyHistogram | undefined;
  readonly #firstMessage: LatencyHistogram | undefined;
  readonly #messageGap: LatencyHistogram | undefined;
  readonly #codes = new Tally();
  readonly #errors = new Tally();
  readonly #ranOn = new Tally();
  readonly #sample = new Sample<SampledCall>();
  readonly #slowest = new Slowest();
  readonly #inProgress = new Set<SentCall>();
  /** Number and counts of the current interval. */
  #index = 0;
  #counts = { sent: 0, calls: 0, errors: 0 };
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

  /** Whether calls have intended moments. */
  get isOpen(): boolean {
    return this.#options.open;
  }

  get inProgress(): number {
    return this.#inProgress.size;
  }

  /** End of the last call; 0 before the first. */
  get lastEndMs(): number {
    return this.#lastEndMs;
  }

  /** @param lateMs delay after the intended moment; 0 if the call was held back on purpose */
  sent(call: SentCall, lateMs: number): void {
    this.#counts.sent++;
    this.#inProgress.add(call);
    this.#lateness?.record(lateMs);
  }

  /** Records a message of a server stream. */
  message(call: SentCall, nowMs: number): void {
    this.#recordWait(call, nowMs);
    call.messageMs = nowMs;
  }

  ended(call: SentCall, endedMs: number, result: CallResult): void {
    this.#inProgress.delete(call);
    this.#service?.record(endedMs - call.sentMs);
    if (cutShort.has(result.code)) {
      this.#recordWait(call, endedMs);
    }
    this.#count(call, endedMs, result);
  }

  /** Records a call that was due and could not be sent before the load ended. */
  unsent(n: number, intendedMs: number, nowMs: number): void {
    this.#unfinished++;
    const call = { n, intendedMs, sentMs: nowMs, messageMs: undefined, sending: undefined };
    this.#count(call, nowMs, unsent);
  }

  /** Cancels calls in progress: they count as failed, and their latency is their age. */
  cancelUnfinished(): void {
    for (const call of this.#inProgress) {
      this.#unfinished++;
      call.sending?.cancel(unfinishedCode, unfinishedMessage);
    }
  }

  #count(call: SentCall, endedMs: number, result: CallResult): void {
    this.closeIntervals(endedMs);
    const latencyMs = endedMs - call.intendedMs;
    const { code, message } = result;
    this.#counts.calls++;
    this.#lastEndMs = endedMs;
    this.#latency.record(latencyMs);
    this.#codes.add(code);
    if (code !== "ok") {
      this.#counts.errors++;
      this.#errors.add(message || statusName(code));
    }
    const ranOn = result.header.get("unblock-ran-on");
    if (ranOn !== null) {
      // Threads and processes of one executor are counted together.
      const end = ranOn.indexOf(";");
      this.#ranOn.add(end < 0 ? ranOn : ranOn.slice(0, end));
    }
    this.#sample.offer(() => ({ endedMs: this.#sinceStart(endedMs), latencyMs, code, message }));
    this.#slowest.offer(latencyMs, () => this.#describe(call, endedMs, result));
  }

  #recordWait({ sentMs, messageMs }: SentCall, nowMs: number): void {
    if (messageMs === undefined) {
      this.#firstMessage?.record(nowMs - sentMs);
    } else {
      this.#messageGap?.record(nowMs - messageMs);
    }
  }

  /** Reports intervals that are complete at `nowMs`. */
  closeIntervals(nowMs: number): void {
    const index = Math.floor(this.#sinceStart(nowMs) / intervalMs);
    if (index > this.#index) {
      this.#closeInterval((this.#index + 1) * intervalMs);
      this.#index = index;
    }
  }

  /** Reports the last interval and returns the totals. */
  finish(heldBack: number): ThreadTotals {
    const nowMs = performance.now();
    this.closeIntervals(nowMs);
    this.#closeInterval(this.#sinceStart(nowMs));
    return {
      codes: this.#codes.counts,
      errors: this.#errors.counts,
      ranOn: this.#ranOn.counts,
      service: this.#service?.encode(),
      firstMessage: this.#firstMessage?.encode(),
      messageGap: this.#messageGap?.encode(),
      sample: this.#sample.items,
      slowest: this.#slowest.calls,
      unfinished: this.#unfinished,
      heldBack,
      endMs: this.#sinceStart(this.#lastEndMs),
    };
  }

  #closeInterval(endMs: number): void {
    this.#options.onInterval({
      index: this.#index,
      endMs,
      ...this.#counts,
      latency: [...this.#latency.buckets()],
      lateness: this.#lateness && [...this.#lateness.buckets()],
      self: this.#options.selfWatch.read(),
    });
    this.#counts = { sent: 0, calls: 0, errors: 0 };
    this.#latency.reset();
    this.#lateness?.reset();
  }

  #sinceStart(ms: number): number {
    return ms - this.#options.startMs;
  }

  #describe(call: SentCall, endedAtMs: number, result: CallResult): SlowCall {
    const { originMs, thread } = this.#options;
    const sentMs = this.#sinceStart(call.sentMs);
    const endedMs = this.#sinceStart(endedAtMs);
    const { beganMs, steps } = readServedCall(result.header, originMs);
    const ranOn = result.header.get("unblock-ran-on");
    return {
      n: call.n,
      intended_ms: this.#sinceStart(call.intendedMs),
      sent_ms: sentMs,
      written_ms: result.writtenMs === 0 ? endedMs : this.#sinceStart(result.writtenMs),
      ...(beganMs === undefined ? {} : { began_ms: beganMs }),
      ended_ms: endedMs,
      latency_ms: endedAtMs - call.intendedMs,
      status: statusName(result.code),
      error: result.message,
      thread,
      connection: result.connection,
      steps,
      ...(ranOn === null ? {} : { ran_on: ranOn }),
    };
  }
}
