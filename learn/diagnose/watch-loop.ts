import { performance } from "node:perf_hooks";
import { monotonicMs } from "../../registry/clock.ts";
import type { CodeLine } from "./diagnosis.ts";
import { pointTo } from "./point-to.ts";
import { isLoading, type OwnCode } from "./stack.ts";
import { openStarvation } from "./starvation.ts";
import type { Evidence, Witness } from "./witness.ts";

/** A time in which the event loop did not turn. */
export interface Blockage {
  /** On the monotonic clock of registry/clock.ts. */
  readonly beganMs: number;
  /** How long it was. */
  readonly ms: number;
  /** What the loop's thread computed in that time. */
  readonly cpuMs: number;
  /** How long it could have run in that time, and other threads had the cores; 0 where that is not known. */
  readonly starvedMs: number;
  /** What held it; undefined when nothing did for half of the time, or it was not seen. */
  readonly line: CodeLine | undefined;
  /** Whether a promise or an async function is around that line. */
  readonly isAsync: boolean;
  /** Where nothing was seen to hold it: what came right after a call of native code, if that was seen. */
  readonly next: CodeLine | undefined;
}

export interface LoopWatch {
  /** The blockages since the last time that it was asked; while a module is loaded does not count. */
  take(): Blockage[];
  stop(): void;
}

/** How often the loop is asked to be on time, in milliseconds. */
const beatMs = 20;
/** What is shorter is no blockage, in milliseconds. A call to a database that blocks for 50 ms is one. */
const shortestMs = 40;

/** Watches the event loop of the thread that calls it. Costs a busy one 0.1 %, without its witness. */
export function watchLoop(witness: Witness, isOwn: OwnCode): LoopWatch {
  const readStarvedMs = openStarvation();
  const gaps: Gap[] = [];
  const readClocks = () => ({
    loop: performance.eventLoopUtilization(),
    cpu: process.threadCpuUsage(),
    starvedMs: readStarvedMs(),
  });
  let before = readClocks();
  const beat = () => {
    const ms = performance.eventLoopUtilization(before.loop).active;
    const { user, system } = process.threadCpuUsage(before.cpu);
    const now = readClocks();
    const starvedMs = Math.min(now.starvedMs - before.starvedMs, ms);
    before = now;
    witness.onTurn(now.starvedMs);
    if (hasTurned && ms - starvedMs >= shortestMs) {
      const endedMs = monotonicMs();
      gaps.push({ beganMs: endedMs - ms, ms, cpuMs: (user + system) / 1_000, starvedMs });
    }
  };
  // Until its first turn the program is loaded, and nobody waits for it.
  let hasTurned = false;
  const timer = setInterval(() => {
    beat();
    hasTurned = true;
  }, beatMs).unref();
  return {
    take: () => {
      // What goes on right now may be one: the end of a program can come right out of it.
      beat();
      if (gaps.length === 0) {
        return [];
      }
      const evidence = witness.take();
      return gaps.splice(0).flatMap((gap) => toBlockage(gap, evidence, isOwn) ?? []);
    },
    stop: () => clearInterval(timer),
  };
}

type Gap = Omit<Blockage, "line" | "isAsync" | "next">;

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
    line: pointed?.line,
    isAsync: pointed?.isAsync ?? false,
    next: next && pointTo(next, isOwn)?.line,
  };
}

/** Whether the thread computed; it waited otherwise. */
export function isComputing({ ms, cpuMs, starvedMs }: Gap): boolean {
  // Even where starving is not known, a blocking call takes next to no CPU.
  return cpuMs * 3 >= ms - starvedMs;
}
