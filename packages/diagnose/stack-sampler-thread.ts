import { Session } from "node:inspector";
import { monotonicMs } from "@unblock/measure/clock";
import { DescriptorOutput } from "./output.ts";

/** Cells of the memory that the watched thread and the sampler share. */
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

/** A time in which the loop is late. */
interface Episode {
  readonly session: Session;
  isSampling: boolean;
  /** The loop's lateness at which the next sample is due. */
  nextSampleMs: number;
  /** Where the last sample was, for people; undefined in native code. */
  lastSeen: string | undefined;
  isReported: boolean;
}

/**
 * Samples the main thread's stack whenever its event loop does not turn.
 *
 * V8 lets an inspector interrupt JavaScript between any two steps, and even Atomics.wait. It interrupts a native
 * call only when the call returns. Until then, and while the loop turns, it costs nothing.
 *
 * @param readPausedMs gives the time for which the whole process was paused so far
 */
export function sampleLateLoop(cells: Int32Array, readPausedMs: () => number): void {
  const output = new DescriptorOutput();
  let episode: Episode | undefined;
  let lastTurnMs = 0;
  let pausedBeforeMs = 0;

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
    const isClosing = Atomics.load(cells, samplerCell.closing) === 1;
    const isLate = turnedMs !== 0 && ageMs >= lateMs && !isClosing;
    if (isLate) {
      episode ??= connect(cells);
      sample(episode, ageMs);
      if (ageMs >= endlessMs && !episode.isReported) {
        episode.isReported = true;
        const { lastSeen } = episode;
        const where =
          lastSeen === undefined ? "it is in a call of native code" : `last seen in ${lastSeen}`;
        output.write(
          `unblock diagnose: the event loop has not turned for ${Math.round(ageMs / 1_000)} s, ${where}. ` +
            `If it never does, Ctrl-C cannot end the process: kill -9 ${process.pid}\n`,
        );
      }
    } else if (episode !== undefined || isClosing) {
      episode?.session.disconnect();
      episode = undefined;
      Atomics.store(cells, samplerCell.connected, 0);
      Atomics.notify(cells, samplerCell.connected);
    }
    if (!isClosing) {
      setTimeout(check, isLate ? lateCheckMs : checkMs);
    }
  };
  check();
}

function connect(cells: Int32Array): Episode {
  Atomics.store(cells, samplerCell.connected, 1);
  const session = new Session();
  session.connectToMainThread();
  return { session, isSampling: false, nextSampleMs: 0, lastSeen: undefined, isReported: false };
}

/** Requests a sample if one is due. It is taken in the watched thread, in the middle of what holds it. */
function sample(episode: Episode, ageMs: number): void {
  if (episode.isSampling || ageMs < episode.nextSampleMs) {
    return;
  }
  episode.isSampling = true;
  episode.nextSampleMs = ageMs * growth;
  const expression = `globalThis[Symbol.for(${JSON.stringify(sampleSymbol)})]?.(${monotonicMs()})`;
  episode.session.post("Runtime.evaluate", { expression }, (_, response) => {
    const value: unknown = response?.result.value;
    episode.isSampling = false;
    episode.lastSeen = typeof value === "string" ? value : undefined;
  });
}
