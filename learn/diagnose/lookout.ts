import { monotonicMs } from "../../registry/clock.ts";
import { captureStack } from "./capture-stack.ts";
import { shownPath } from "./own-code.ts";
import { functionKey, innermost, type OwnCode, type Stack } from "./stack.ts";
import { openStarvation } from "./starvation.ts";
import { Votes } from "./votes.ts";
import { type LookoutData, lookoutCell, lookSymbol, toCell } from "./watch-thread-data.ts";
import type { Evidence, Witness } from "./witness.ts";

/** JavaScript lets a look in within this time, in milliseconds. */
const promptMs = 10;
/** How long the process waits at its end until the lookout has let go of it, in milliseconds. */
const closeMs = 500;
/** Older looks are let go. A second of blockages takes no more than some hundred. */
const mostLooks = 1_000;

interface Look {
  readonly atMs: number;
  /** How long it was kept waiting although the thread had a core. */
  readonly keptMs: number;
  readonly stack: Stack;
}

/**
 * Sees by looks that another thread takes at this one's stack, only while its loop does not turn. It
 * costs nothing as long as it does. It misses calls of native code that come right from the person's
 * own function: the look then comes too late, and this says nothing.
 */
export class Lookout implements Witness {
  readonly data: LookoutData = { cells: new Int32Array(new SharedArrayBuffer(12)) };
  readonly #isOwn: OwnCode;
  readonly #readStarvedMs = openStarvation();
  #starvedMs = 0;
  #looks: Look[] = [];

  constructor(isOwn: OwnCode) {
    this.#isOwn = isOwn;
    Object.defineProperty(globalThis, Symbol.for(lookSymbol), {
      value: (askedMs: number) => this.#look(askedMs),
      configurable: true,
    });
  }

  onTurn(starvedMs: number): void {
    this.#starvedMs = starvedMs;
    // 0 stands for "not yet".
    Atomics.store(this.data.cells, lookoutCell.turnedMs, toCell(monotonicMs()) || 1);
  }

  /** In the middle of whatever holds this thread. */
  #look(askedMs: number): string | undefined {
    const atMs = monotonicMs();
    const stack = captureStack();
    const starvedMs = this.#readStarvedMs();
    const keptMs = atMs - askedMs - (starvedMs - this.#starvedMs);
    this.#starvedMs = starvedMs;
    this.#looks.push({ atMs, keptMs, stack });
    if (this.#looks.length > mostLooks) {
      this.#looks.shift();
    }
    const frame = stack[innermost(stack, this.#isOwn)];
    return (
      frame?.file &&
      `${frame.name} ${shownPath(frame.file)}:${frame.line}:${frame.column}`.trimStart()
    );
  }

  take(): Evidence {
    const looks = this.#looks;
    this.#looks = [];
    const within = (beganMs: number, endedMs: number) =>
      looks.filter(({ atMs }) => atMs > beganMs && atMs <= endedMs);
    return {
      heldBetween: (beganMs, endedMs) => winnerOf(within(beganMs, endedMs), beganMs, this.#isOwn),
      afterNativeCode: (beganMs, endedMs) =>
        within(beganMs, endedMs)
          .filter(({ keptMs }) => keptMs > promptMs)
          .sort((a, b) => b.keptMs - a.keptMs)[0]?.stack,
    };
  }

  /** Else Node would say that it waits for a debugger. */
  close(): void {
    const { cells } = this.data;
    Atomics.store(cells, lookoutCell.closing, 1);
    Atomics.wait(cells, lookoutCell.connected, 1, closeMs);
  }
}

function winnerOf(looks: readonly Look[], beganMs: number, isOwn: OwnCode): Stack | undefined {
  const votes = new Votes(isOwn);
  for (const [index, { atMs, keptMs, stack }] of looks.entries()) {
    const next = looks[index + 1];
    const before = looks[index - 1];
    // Between two looks that were let in at once there was no native code for long.
    const isInJavaScript = before !== undefined && before.keptMs <= promptMs && next !== undefined;
    const stays =
      isInJavaScript || (next && functionKey(next.stack, isOwn) === functionKey(stack, isOwn));
    // A look that native code kept waiting sees what came after it, which is over in no time. So it is
    // believed when it was let in at once and the next one sees the same function, or when what it sees
    // is one of Node's own that block.
    const isBelieved = isBlockingCall(stack, isOwn) || (keptMs <= promptMs && stays === true);
    votes.add(isBelieved ? stack : [], atMs - (before?.atMs ?? beganMs));
  }
  return votes.winner();
}

/** By the names that Node gives to its functions that block, such as readFileSync. */
function isBlockingCall(stack: Stack, isOwn: OwnCode): boolean {
  const called = stack[innermost(stack, isOwn) - 1];
  return called !== undefined && called.file === undefined && called.name.endsWith("Sync");
}
