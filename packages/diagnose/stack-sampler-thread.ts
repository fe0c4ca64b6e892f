import { Session } from "node:inspector";
import { monotonicMs } from "@unblock/measure/clock";
import { DescriptorOutput } from "./output.ts";

/** Memory that the watched thread and the sampler share. */
export interface SamplerData {
  /** See {@link samplerCell}. */
  readonly cells: Int32Array;
}

export const samplerCell = {
  /** Time of the loop's last turn in whole milliseconds of the monotonic clock; 0 before the first. */
  turnedMs: 0,
  /** 1 when the sampler has to end. */
  closing: 1,
  /** 1 while it is connected to the watched thread's inspector. */
  connected: 2,
} as const;

/** Symbol of the watched thread's global function that takes a sample. */
export const sampleSymbol = "unblock diagnose: sample";

/** Lower 32 bits of a time in milliseconds; differences are right for three weeks. */
export function toCell(ms: number): number {
  return Math.trunc(ms) | 0;
}

/** Interval of checks while the loop turns. */
const checkMs = 20;
/** The loop turns every 20 ms even without work; when it has not for this time, it is late. */
const lateMs = 28;
/** Interval of checks while the loop is late. */
const lateCheckMs = 5;
/** Ratio of a blockage's duration at one sample to that at the sample before. */
const growth = 1.1;
/** A blockage of this duration may never end, so the watch thread reports it. */
const endlessMs = 10_000;

interface EvaluateResponse {
  readonly result: { readonly value?: unknown };
}

/**
 * Samples the main thread's stack whenever its event loop does not turn.
 *
 * V8 lets an inspector interrupt JavaScript between any two steps, and even Atomics.wait. It interrupts a native
 * call only when the call returns. Until then, and while the loop turns, it costs nothing.
 *
 * @param readPausedMs gives the time for which the whole process was paused so far
 */
export function sampleLateLoop({ cells }: SamplerData, readPausedMs: () => number): void {
  const output = new DescriptorOutput();
  let session: Session | undefined;
  let isSampling = false;
  let nextSampleMs = 0;
  let lastSeen: string | undefined;
  let isReported = false;
  let lastTurnMs = 0;
  let pausedBeforeMs = 0;

  const disconnect = () => {
    session?.disconnect();
    session = undefined;
    isSampling = false;
    nextSampleMs = 0;
    lastSeen = undefined;
    isReported = false;
    Atomics.store(cells, samplerCell.connected, 0);
    Atomics.notify(cells, samplerCell.connected);
  };
  const sample = () => {
    if (session === undefined) {
      Atomics.store(cells, samplerCell.connected, 1);
      session = new Session();
      session.connectToMainThread();
    }
    isSampling = true;
    const current = session;
    // Runs in the watched thread, in the middle of what holds it.
    const expression = `globalThis[Symbol.for(${JSON.stringify(sampleSymbol)})]?.(${monotonicMs()})`;
    current.post("Runtime.evaluate", { expression }, (_, response?: EvaluateResponse) => {
      if (current === session) {
        isSampling = false;
        const value = response?.result.value;
        lastSeen = typeof value === "string" ? value : undefined;
      }
    });
  };
  const check = () => {
    const turnedMs = Atomics.load(cells, samplerCell.turnedMs);
    // Before the pauses are read: a pause in between must not count as time without a turn.
    const nowMs = monotonicMs();
    const pausedMs = readPausedMs();
    if (turnedMs !== lastTurnMs) {
      lastTurnMs = turnedMs;
      pausedBeforeMs = pausedMs;
    }
    const ageMs = ((toCell(nowMs) - turnedMs) | 0) - Math.round(pausedMs - pausedBeforeMs);
    const isLate = turnedMs !== 0 && ageMs >= lateMs;
    if (Atomics.load(cells, samplerCell.closing) === 1) {
      disconnect();
      return;
    }
    if (!isLate && session !== undefined) {
      disconnect();
    }
    if (isLate && !isSampling && ageMs >= nextSampleMs) {
      nextSampleMs = ageMs * growth;
      sample();
    }
    if (isLate && ageMs >= endlessMs && !isReported) {
      isReported = true;
      const where =
        lastSeen === undefined ? "it is in a call of native code" : `last seen in ${lastSeen}`;
      output.write(
        `unblock diagnose: the event loop has not turned for ${Math.round(ageMs / 1_000)} s, ${where}. ` +
          `If it never does, Ctrl-C cannot end the process: kill -9 ${process.pid}\n`,
      );
    }
    setTimeout(check, isLate ? lateCheckMs : checkMs);
  };
  check();
}
