import { monotonicMs } from "@unblock/measure/clock";
import type { CodeLine } from "./diagnosis.ts";
import { type Garbage, GarbageTime, noGarbage, sumOf } from "./garbage-time.ts";
import { type Cause, pointTo } from "./point-to.ts";
import type { PauseWatch } from "./process-paused.ts";
import { isLoading, type OwnCode, type Stack } from "./stack.ts";
import { openThreadClocks, passedBetween } from "./thread-clocks.ts";

/** Sees what a thread does while its event loop does not turn. */
export interface Witness {
  /** Called when the loop turns. @param starvedMs time that the thread has waited for a core since its start */
  onTurn?(starvedMs: number): void;
  /** Evidence since the last call; undefined while it does not watch. */
  take(): Evidence | undefined;
}

/** What a witness saw. Times are on the monotonic clock. */
export interface Evidence {
  /** The stack that held the thread for most of that time; undefined if none did, or none was seen. */
  heldBetween(beganMs: number, endedMs: number): Stack | undefined;
  /** The stack right after the longest native call in that time; undefined if it was not seen. */
  afterNativeCode?(beganMs: number, endedMs: number): Stack | undefined;
}

/** A time in which the event loop did not turn. */
export interface Blockage {
  /** On the monotonic clock. */
  readonly beganMs: number;
  readonly ms: number;
  /** CPU time of the loop's thread. */
  readonly cpuMs: number;
  /** CPU time of all threads of the process; undefined if unknown. */
  readonly allCpuMs?: number;
  /** Time that the loop's thread waited for a core; 0 if unknown. */
  readonly starvedMs: number;
  /** Time in which any thread of the machine waited for a core; undefined if unknown. */
  readonly crowdedMs?: number;
  /** Garbage collection of the loop's thread. */
  readonly garbage: Garbage;
  /** Time for which the whole process was paused; 0 if unknown. */
  readonly pausedMs: number;
  /** Line that held it; undefined if none did for half of the time, or none was seen. */
  readonly line: CodeLine | undefined;
  /** What has to be changed there; undefined if no line is known. */
  readonly cause?: Cause | undefined;
  /** Whether a promise or an async function is around that line. */
  readonly isAsync: boolean;
  /** If `line` is undefined: the line right after a native call, if it was seen. */
  readonly next: CodeLine | undefined;
}

/** Interval of the timer that shows whether the loop turns. */
const beatMs = 20;
/** Minimum duration of a blockage, in milliseconds. A blocking database call of 50 ms is one. */
const minBlockageMs = 40;

export type LoopWatch = ReturnType<typeof watchLoop>;

/**
 * Watches the event loop of the calling thread. Costs a busy thread 0.2 %, without the witnesses.
 *
 * @param witnesses the first that saw something counts
 * @param pauses by default no pauses of the process are known
 */
export function watchLoop(witnesses: readonly Witness[], isOwn: OwnCode, pauses?: PauseWatch) {
  const readClocks = openThreadClocks();
  const garbageTime = new GarbageTime();
  let before = readClocks();
  /** Ignores what has held the loop since its last turn. */
  const skip = () => {
    before = readClocks();
  };
  let gaps: Gap[] = [];
  let unsettled: Blockage[] = [];
  // Until the first turn the program is being loaded, and nobody waits for it.
  let hasTurned = false;
  let turnedMs = 0;
  // Node reports collections between two turns.
  let collectionsKnownUntilMs = 0;
  const beat = () => {
    const now = readClocks();
    const { activeMs: ms, cpuMs, allCpuMs, starvedMs, crowdedMs } = passedBetween(before, now);
    const beganMs = now.first.atMs - ms;
    const gap = { beganMs, ms, cpuMs, allCpuMs, starvedMs: Math.min(starvedMs, ms), crowdedMs };
    before = now;
    garbageTime.onTurn((unsettled[0] ?? gaps[0] ?? gap).beganMs);
    for (const witness of witnesses) {
      witness.onTurn?.(now.starvedMs);
    }
    if (hasTurned && ms - gap.starvedMs >= minBlockageMs) {
      gaps.push(gap);
    }
  };
  const timer = setInterval(() => {
    beat();
    hasTurned = true;
    collectionsKnownUntilMs = turnedMs;
    turnedMs = monotonicMs();
  }, beatMs).unref();
  const settle = (knownUntilMs: number) => {
    const isSettled = (one: Blockage) => endOf(one) <= knownUntilMs;
    const settled = unsettled.filter(isSettled);
    unsettled = unsettled.filter((one) => !isSettled(one));
    return settled
      .map((one) => ({
        ...one,
        pausedMs: pauses?.msBetween(one.beganMs, endOf(one)) ?? 0,
        garbage: sumOf(one.garbage, garbageTime.reportedBetween(one.beganMs, endOf(one))),
      }))
      .filter((one) => heldMs(one) >= minBlockageMs);
  };
  /**
   * Blockages since the last call, without those by loading modules. The newest ones may be left for the next
   * call, until it is known whether they were pauses or collections.
   */
  const take = (): Blockage[] => {
    // The current turn may be a blockage: the program may be about to exit.
    beat();
    if (gaps.length > 0) {
      const evidence = witnesses.flatMap((witness) => witness.take() ?? []);
      unsettled.push(...gaps.flatMap((gap) => toBlockage(gap, evidence, isOwn) ?? []));
      gaps = [];
      // Reading the program's files is no blockage of the program.
      skip();
    }
    const pausesKnownUntilMs = pauses?.knownUntilMs ?? Number.POSITIVE_INFINITY;
    return settle(Math.min(pausesKnownUntilMs, collectionsKnownUntilMs));
  };
  /** All blockages since the last call. Blocks for about 20 ms, until all is known of them. */
  const takeAll = (): Blockage[] => {
    const first = take();
    pauses?.wait();
    const last = unsettled.pop();
    if (last !== undefined) {
      unsettled.push({ ...last, garbage: garbageTime.unreported() });
    }
    // The wait was no blockage of the program.
    skip();
    return [...first, ...settle(Number.POSITIVE_INFINITY)];
  };
  const stop = () => {
    clearInterval(timer);
    garbageTime.close();
  };
  return { take, takeAll, skip, stop };
}

type Gap = Omit<Blockage, "line" | "isAsync" | "next" | "pausedMs" | "garbage">;

function endOf({ beganMs, ms }: Gap): number {
  return beganMs + ms;
}

/** Undefined if modules were being loaded. */
function toBlockage(gap: Gap, evidence: readonly Evidence[], isOwn: OwnCode): Blockage | undefined {
  const span = [gap.beganMs, endOf(gap)] as const;
  const isSeen = (stack: Stack | undefined) => stack !== undefined;
  const held = evidence.map((one) => one.heldBetween(...span)).find(isSeen);
  const next = held
    ? undefined
    : evidence.map((one) => one.afterNativeCode?.(...span)).find(isSeen);
  if (isLoading(held ?? next ?? [])) {
    return undefined;
  }
  const pointed = held && pointTo(held, isOwn);
  return {
    ...gap,
    pausedMs: 0,
    garbage: noGarbage,
    line: pointed?.line,
    cause: pointed?.cause,
    isAsync: pointed?.isAsync ?? false,
    next: next && pointTo(next, isOwn)?.line,
  };
}

/** Time for which the program held the loop, garbage collection included, without the time of other processes. */
export function heldMs(blockage: Blockage): number {
  const { cpuMs, allCpuMs = cpuMs, garbage } = blockage;
  const ms = blockage.ms - blockage.starvedMs - blockage.pausedMs;
  if (!isCrowded(blockage)) {
    return ms;
  }
  // On a crowded machine, what computes also waits for others that lack a core: a collection waits for V8's
  // threads.
  const computedMs = Math.max(cpuMs, Math.min(garbage.ms, allCpuMs));
  const isComputed = computedMs >= minBlockageMs || garbage.ms * 2 >= blockage.ms;
  return isComputed ? Math.min(ms, computedMs) : ms;
}

/** Whether some thread of the machine waited for a core half of the time: any wait may be for such a thread. */
function isCrowded({ ms, crowdedMs = 0 }: Blockage): boolean {
  return crowdedMs * 2 >= ms;
}

/** Whether a blockage is unlikely to be the program's: an unseen wait on a crowded machine. */
export function isOthers(blockage: Blockage): boolean {
  const isCollecting = collectingMs(blockage) * 2 >= heldMs(blockage);
  return (
    isCrowded(blockage) && !isCollecting && !isComputing(blockage) && blockage.line === undefined
  );
}

/** Part of {@link heldMs} that was garbage collection. */
export function collectingMs(blockage: Blockage): number {
  const { garbage, cpuMs, starvedMs, pausedMs } = blockage;
  // A collector computes. What exceeds the CPU time is time of other processes.
  const ms = garbage.ms <= cpuMs ? garbage.ms : Math.max(0, garbage.ms - starvedMs - pausedMs);
  return Math.min(ms, heldMs(blockage));
}

/** Whether the thread computed in the rest of that time; else it waited. */
export function isComputing(blockage: Blockage): boolean {
  const { cpuMs, starvedMs, garbage } = blockage;
  // A collector computes, except while it waits for a core.
  const ownCpuMs = cpuMs - Math.max(0, garbage.ms - starvedMs);
  // Even if the time without a core is unknown, a blocking call takes next to no CPU.
  return ownCpuMs * 3 >= heldMs(blockage) - collectingMs(blockage);
}
