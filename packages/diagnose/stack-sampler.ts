import { monotonicMs } from "@unblock/measure/clock";
import { openThreadWaiting } from "@unblock/measure/proc";
import { Votes } from "./point-to.ts";
import {
  captureStack,
  functionKey,
  innermost,
  isBlockingCall,
  isOwnCode,
  type Stack,
  shownPath,
} from "./stack.ts";
import { samplerCell, sampleSymbol, toCell } from "./stack-sampler-thread.ts";
import type { Evidence, Witness } from "./watch-loop.ts";

/** JavaScript is interrupted for a sample within this time; only native code takes longer. */
const promptMs = 10;
/** Timeout for the sampler to disconnect at the end of the process. */
const closeMs = 500;
/** Older samples are dropped. A second of blockages takes no more than some hundred. */
const maxSamples = 1_000;

interface Sample {
  readonly atMs: number;
  /** Time from the request to the sample, without that in which the thread had no core. */
  readonly delayMs: number;
  readonly stack: Stack;
}

/**
 * Sees what holds this thread by samples of its stack that the watch thread requests, only while the event loop
 * does not turn. It costs nothing while the loop turns. It misses native calls that the user's own function makes
 * itself: the sample comes too late then, and is ignored.
 */
export class StackSampler implements Witness {
  readonly data = new Int32Array(new SharedArrayBuffer(12));
  readonly #readStarvedMs = openThreadWaiting();
  #starvedMs = 0;
  #samples: Sample[] = [];

  constructor() {
    Object.defineProperty(globalThis, Symbol.for(sampleSymbol), {
      value: (requestedMs: number) => this.#sample(requestedMs),
      configurable: true,
    });
  }

  onTurn(starvedMs: number): void {
    this.#starvedMs = starvedMs;
    // 0 means "not yet".
    Atomics.store(this.data, samplerCell.turnedMs, toCell(monotonicMs()) || 1);
  }

  /** Runs in the middle of whatever holds this thread. @returns the location, for people */
  #sample(requestedMs: number): string | undefined {
    const atMs = monotonicMs();
    const stack = captureStack();
    const starvedMs = this.#readStarvedMs();
    const delayMs = atMs - requestedMs - (starvedMs - this.#starvedMs);
    this.#starvedMs = starvedMs;
    this.#samples.push({ atMs, delayMs, stack });
    if (this.#samples.length > maxSamples) {
      this.#samples.shift();
    }
    const frame = stack[innermost(stack, isOwnCode)];
    return (
      frame?.file &&
      `${frame.name} ${shownPath(frame.file)}:${frame.line}:${frame.column}`.trimStart()
    );
  }

  take(): Evidence {
    const samples = this.#samples;
    this.#samples = [];
    const within = (beganMs: number, endedMs: number) =>
      samples.filter(({ atMs }) => atMs > beganMs && atMs <= endedMs);
    return {
      heldBetween: (beganMs, endedMs) => winnerOf(within(beganMs, endedMs), beganMs),
      afterNativeCode: (beganMs, endedMs) =>
        within(beganMs, endedMs)
          .filter(({ delayMs }) => delayMs > promptMs)
          .sort((a, b) => b.delayMs - a.delayMs)[0]?.stack,
    };
  }

  /** Ends the sampler. While an inspector is connected, Node would wait for it at its end. */
  close(): void {
    Atomics.store(this.data, samplerCell.closing, 1);
    Atomics.wait(this.data, samplerCell.connected, 1, closeMs);
  }
}

function winnerOf(samples: readonly Sample[], beganMs: number): Stack | undefined {
  const votes = new Votes(isOwnCode);
  for (const [index, { atMs, delayMs, stack }] of samples.entries()) {
    const next = samples[index + 1];
    const before = samples[index - 1];
    // Between two prompt samples there was no long native call.
    const isInJavaScript = before !== undefined && before.delayMs <= promptMs;
    const isSame = (other: Sample) =>
      functionKey(other.stack, isOwnCode) === functionKey(stack, isOwnCode);
    const stays = next !== undefined && (isInJavaScript || isSame(next));
    // A sample that native code delayed shows what came after it, which is short. So a sample counts if it was
    // prompt and the next one shows the same function, or if it shows a blocking function of Node's.
    const counts =
      isBlockingCall(stack[innermost(stack, isOwnCode) - 1]) || (delayMs <= promptMs && stays);
    votes.add(counts ? stack : [], atMs - (before?.atMs ?? beganMs));
  }
  return votes.winner();
}
