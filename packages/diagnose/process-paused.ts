import { existsSync } from "node:fs";
import { type Diagnosis, type DiagnosisWatch, howLong, rounded } from "./diagnosis.ts";
import { openThreadClocks, passedBetween } from "./thread-clocks.ts";

/** Memory that the watch thread writes and the watched threads read. */
export interface PauseData {
  /** See {@link cell}. */
  readonly cells: Int32Array;
  /**
   * Milliseconds: the time until which pauses are known, the sum of all pauses, the longest pause; then the
   * beginning and end of the last {@link maxSpans} pauses, on the monotonic clock.
   */
  readonly times: Float64Array;
}

const cell = { samples: 0, pauses: 1 } as const;
const firstSpan = 3;
const maxSpans = 32;

const sampleMs = 20;
/** The disk or the machine can stop a thread for a shorter time. */
const minPauseMs = 200;
/** The same on a machine without a free core. */
const minCrowdedPauseMs = 1_000;
/** Wait for the watch thread, which is late itself after a pause. */
const maxWaitMs = 200;

/** Reads the pauses of the process that the watch thread detects. */
export class PauseWatch implements DiagnosisWatch {
  readonly data: PauseData;

  /** @param data that of another thread; new by default */
  constructor(
    data: PauseData = {
      cells: new Int32Array(new SharedArrayBuffer(8)),
      times: new Float64Array(new SharedArrayBuffer(8 * (firstSpan + 2 * maxSpans))),
    },
  ) {
    this.data = data;
  }

  /** Time until which pauses are known, on the monotonic clock; infinity if nothing detects them. */
  get knownUntilMs(): number {
    return this.data.times[0] || Number.POSITIVE_INFINITY;
  }

  /** Blocks until the watch thread has sampled once more. Returns at once if nothing detects pauses. */
  wait(): void {
    const { cells } = this.data;
    const samples = Atomics.load(cells, cell.samples);
    if (samples > 0) {
      Atomics.wait(cells, cell.samples, samples, maxWaitMs);
    }
  }

  /** Time for which the process was paused between two moments of the monotonic clock. */
  msBetween(beganMs: number, endedMs: number): number {
    const { cells, times } = this.data;
    const count = Math.min(Atomics.load(cells, cell.pauses), maxSpans);
    let ms = 0;
    for (let index = 0; index < count; index++) {
      const at = firstSpan + 2 * index;
      const [from = 0, to = 0] = times.subarray(at, at + 2);
      ms += Math.max(0, Math.min(to, endedMs) - Math.max(from, beganMs));
    }
    return ms;
  }

  diagnoses(): Diagnosis[] {
    const pauses = Atomics.load(this.data.cells, cell.pauses);
    const [, totalMs = 0, maxMs = 0] = this.data.times;
    if (pauses === 0) {
      return [];
    }
    return [
      {
        name: "process-paused",
        finding: `The whole process was stopped from outside ${howLong(pauses, totalMs, maxMs)}: all of its threads stood still at once, and none was waiting for a core. SIGSTOP (kill -STOP, Ctrl-Z), a debugger, a paused container (docker pause) or a suspended machine do that.`,
        nextStep:
          "Find out who pauses it: nothing in the program does, and no change of the program can help.",
        numbers: { pauses, paused_ms: rounded(totalMs), longest_ms: rounded(maxMs) },
      },
    ];
  }
}

/**
 * Detects pauses of the process in the watch thread, which waits for nothing but its timer: if it is late, had
 * no CPU time and was not waiting for a core, then it was not allowed to run.
 *
 * @returns samples at once, and gives the sum of all pauses so far in milliseconds
 */
export function detectPauses({ cells, times }: PauseData): () => number {
  // Without the scheduler's statistics a busy machine looks the same.
  if (!existsSync("/proc/thread-self/schedstat")) {
    return () => 0;
  }
  const readClocks = openThreadClocks();
  let before = readClocks();
  const sample = () => {
    const now = readClocks();
    const passed = passedBetween(before, now);
    const { atMs } = now.first;
    const ms = passed.ms - sampleMs - passed.cpuMs - passed.starvedMs;
    const isCrowded = passed.crowdedMs * 2 >= ms;
    // Other threads run as soon as the process goes on, and none does while it is paused.
    const isStill = passed.allCpuMs * 4 < ms;
    before = now;
    if (ms >= (isCrowded ? minCrowdedPauseMs : minPauseMs) && isStill) {
      const count = Atomics.load(cells, cell.pauses);
      const [, totalMs = 0, maxMs = 0] = times;
      times.set([totalMs + ms, Math.max(maxMs, ms)], 1);
      times.set([atMs - ms, atMs], firstSpan + 2 * (count % maxSpans));
      Atomics.store(cells, cell.pauses, count + 1);
    }
    times[0] = atMs;
    Atomics.add(cells, cell.samples, 1);
    Atomics.notify(cells, cell.samples);
    return times[1] ?? 0;
  };
  setInterval(sample, sampleMs);
  return sample;
}
