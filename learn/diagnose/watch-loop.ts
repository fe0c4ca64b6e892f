import { performance } from "node:perf_hooks";
import { monotonicMs } from "../../registry/clock.ts";
import type { CodeLine } from "./diagnosis.ts";
import { type Garbage, GarbageTime, noGarbage, sumOf } from "./garbage-time.ts";
import type { Pauses } from "./pauses.ts";
import { type Cause, pointTo } from "./point-to.ts";
import { isLoading, type OwnCode } from "./stack.ts";
import { openCrowding, openStarvation } from "./starvation.ts";
import type { Evidence, Witness } from "./witness.ts";

/** A time in which the event loop did not turn. */
export interface Blockage {
  /** On the monotonic clock of registry/clock.ts. */
  readonly beganMs: number;
  /** How long it was. */
  readonly ms: number;
  /** What the loop's thread computed in that time. */
  readonly cpuMs: number;
  /** What all threads of the process computed in that time; undefined where that is not known. */
  readonly allCpuMs?: number;
  /** How long it could have run in that time, and other threads had the cores; 0 where that is not known. */
  readonly starvedMs: number;
  /** How long somebody on this machine lacked a core in that time; undefined where that is not known. */
  readonly crowdedMs?: number;
  /** How long the loop's thread collected garbage in that time. */
  readonly garbage: Garbage;
  /** How long the whole process was paused in that time; 0 where that is not known. */
  readonly pausedMs: number;
  /** What held it; undefined when nothing did for half of the time, or it was not seen. */
  readonly line: CodeLine | undefined;
  /** What is to be mended there; undefined when no line is known. */
  readonly cause?: Cause;
  /** Whether a promise or an async function is around that line. */
  readonly isAsync: boolean;
  /** Where nothing was seen to hold it: what came right after a call of native code, if that was seen. */
  readonly next: CodeLine | undefined;
}

export interface LoopWatch {
  /**
   * The blockages since the last time that it was asked; while a module is loaded does not count. Of the
   * newest it may not be known yet whether they were pauses or collections: they come the next time.
   */
  take(): Blockage[];
  /** All of them: it waits until that is known, for some 20 ms. */
  takeAll(): Blockage[];
  /** What has held the loop since its last turn is no blockage of the program's. */
  skip(): void;
  stop(): void;
}

/** How often the loop is asked to be on time, in milliseconds. */
const beatMs = 20;
/** What is shorter is no blockage, in milliseconds. A call to a database that blocks for 50 ms is one. */
const shortestMs = 40;

/**
 * Watches the event loop of the thread that calls it. Costs a busy one 0.2 %, without its witness.
 *
 * @param pauses what is known of pauses of the process; without it none is
 */
export function watchLoop(witness: Witness, isOwn: OwnCode, pauses?: Pauses): LoopWatch {
  const readStarvedMs = openStarvation();
  const readCrowdedMs = openCrowding();
  const garbageTime = new GarbageTime();
  const gaps: Gap[] = [];
  const readClocks = () => ({
    loop: performance.eventLoopUtilization(),
    cpu: process.threadCpuUsage(),
    allCpuMs: allCpuMs(),
    starvedMs: readStarvedMs(),
    crowdedMs: readCrowdedMs(),
  });
  let before = readClocks();
  const beat = () => {
    const ms = performance.eventLoopUtilization(before.loop).active;
    const { user, system } = process.threadCpuUsage(before.cpu);
    const now = readClocks();
    const starvedMs = Math.min(now.starvedMs - before.starvedMs, ms);
    const crowdedMs = now.crowdedMs - before.crowdedMs;
    const allMs = now.allCpuMs - before.allCpuMs;
    before = now;
    const oldest = unsettled[0] ?? gaps[0];
    garbageTime.onTurn(oldest?.beganMs ?? monotonicMs() - ms);
    witness.onTurn(now.starvedMs);
    if (hasTurned && ms - starvedMs >= shortestMs) {
      const beganMs = monotonicMs() - ms;
      const cpuMs = (user + system) / 1_000;
      gaps.push({ beganMs, ms, cpuMs, allCpuMs: allMs, starvedMs, crowdedMs });
    }
  };
  // Until its first turn the program is loaded, and nobody waits for it.
  let hasTurned = false;
  let turnedMs = 0;
  // Collections until then are reported: Node does so between two turns.
  let collectionsKnownUntilMs = 0;
  const timer = setInterval(() => {
    beat();
    hasTurned = true;
    collectionsKnownUntilMs = turnedMs;
    turnedMs = monotonicMs();
  }, beatMs).unref();
  const toBlockages = () => {
    const evidence = witness.take();
    return gaps.splice(0).flatMap((gap) => toBlockage(gap, evidence, isOwn) ?? []);
  };
  let unsettled: Blockage[] = [];
  const take = () => {
    // What goes on right now may be one: the end of a program can come right out of it.
    beat();
    if (gaps.length > 0) {
      unsettled.push(...toBlockages());
      // It may have read the program's files, which does not count.
      before = readClocks();
    }
    const pausesKnownUntilMs = pauses?.knownUntilMs ?? Number.POSITIVE_INFINITY;
    return settle(Math.min(pausesKnownUntilMs, collectionsKnownUntilMs));
  };
  const settle = (knownUntilMs: number) => {
    const settled = unsettled.filter((one) => endOf(one) <= knownUntilMs);
    unsettled = unsettled.filter((one) => endOf(one) > knownUntilMs);
    return settled
      .map((one) => ({
        ...one,
        pausedMs: pauses?.msBetween(one.beganMs, endOf(one)) ?? 0,
        garbage: sumOf(one.garbage, garbageTime.reportedBetween(one.beganMs, endOf(one))),
      }))
      .filter((one) => heldMs(one) >= shortestMs);
  };
  return {
    take,
    takeAll: () => {
      const first = take();
      pauses?.wait();
      const last = unsettled.pop();
      if (last !== undefined) {
        unsettled.push({ ...last, garbage: garbageTime.unreported() });
      }
      // That was no blockage of the program's.
      before = readClocks();
      return [...first, ...settle(Number.POSITIVE_INFINITY)];
    },
    skip: () => {
      before = readClocks();
    },
    stop: () => {
      clearInterval(timer);
      garbageTime.close();
    },
  };
}

function allCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

type Gap = Omit<Blockage, "line" | "isAsync" | "next" | "pausedMs" | "garbage">;

function endOf({ beganMs, ms }: Gap): number {
  return beganMs + ms;
}

/** What held the loop in a gap; undefined when that was a module that is loaded. */
function toBlockage(gap: Gap, evidence: Evidence, isOwn: OwnCode): Blockage | undefined {
  const endedMs = gap.beganMs + gap.ms;
  const held = evidence.heldBetween(gap.beganMs, endedMs);
  const next = held === undefined ? evidence.afterNativeCode(gap.beganMs, endedMs) : undefined;
  if (isLoading(held ?? next ?? [])) {
    return undefined;
  }
  const pointed = held && pointTo(held, isOwn);
  return {
    ...gap,
    pausedMs: 0,
    garbage: noGarbage,
    line: pointed?.line,
    ...(pointed && { cause: pointed.cause }),
    isAsync: pointed?.isAsync ?? false,
    next: next && pointTo(next, isOwn)?.line,
  };
}

/** How long the program held the loop, its garbage included: without what other processes took. */
export function heldMs(blockage: Blockage): number {
  const ms = heldAtMostMs(blockage);
  if (!isCrowded(blockage)) {
    return ms;
  }
  const { cpuMs, allCpuMs = cpuMs, garbage } = blockage;
  // What computes on a crowded machine waits for others who compute and lack a core as well: a collection
  // for the threads that V8 has for it.
  const computedMs = Math.max(cpuMs, Math.min(garbage.ms, allCpuMs));
  const isComputed = computedMs >= shortestMs || garbage.ms * 2 >= blockage.ms;
  return isComputed ? Math.min(ms, computedMs) : ms;
}

function heldAtMostMs({ ms, starvedMs, pausedMs }: Blockage): number {
  return ms - starvedMs - pausedMs;
}

/** Whether somebody lacked a core for half of the time: then whoever waits may wait for them. */
function isCrowded({ ms, crowdedMs = 0 }: Blockage): boolean {
  return crowdedMs * 2 >= ms;
}

/** Whether a blockage says nothing of the program: a wait on a crowded machine, of which nothing was seen. */
export function isOthers(blockage: Blockage): boolean {
  const isCollecting = collectingMs(blockage) * 2 >= heldMs(blockage);
  return (
    isCrowded(blockage) && !isCollecting && !isComputing(blockage) && blockage.line === undefined
  );
}

/** How much of that was garbage collection. */
export function collectingMs(blockage: Blockage): number {
  const { garbage, cpuMs, starvedMs, pausedMs } = blockage;
  // A collector computes. If it took longer than that, the rest is of the time that others took.
  const ms = garbage.ms <= cpuMs ? garbage.ms : Math.max(0, garbage.ms - starvedMs - pausedMs);
  return Math.min(ms, heldMs(blockage));
}

/** Whether the thread computed in the rest; it waited otherwise. */
export function isComputing(blockage: Blockage): boolean {
  const { cpuMs, starvedMs, garbage } = blockage;
  // A collector computes, but for the time in which others had the cores.
  const ownCpuMs = cpuMs - Math.max(0, garbage.ms - starvedMs);
  // Even where starving is not known, a blocking call takes next to no CPU.
  return ownCpuMs * 3 >= heldMs(blockage) - collectingMs(blockage);
}
