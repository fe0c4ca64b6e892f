import { stat } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { monotonicMs } from "../../../registry/clock.ts";

/** What work did to the process that it ran in. */
export interface Seen {
  readonly [figure: string]: number;
  readonly wallMs: number;
  /** The longest time in which the event loop answered nobody. */
  readonly loopHeldMs: number;
  /** How much of the time the event loop was busy, from 0 to 1. */
  readonly loopBusy: number;
  /** How many times the event loop came around. None: whoever wanted something waited for all of it. */
  readonly loopTurns: number;
  /** The longest that a look at a small file took, from the moment when it was due. */
  readonly fileWaitedMs: number;
}

/** Does work and watches meanwhile who else suffers. */
export async function withBystanders(work: () => Promise<unknown>): Promise<Seen> {
  const loop = watchLoop();
  const file = watchFile();
  // What the first turns cost is not the work's.
  await sleep(20);
  loop.restart();
  file.restart();
  const utilization = performance.eventLoopUtilization();
  const beganMs = monotonicMs();
  await work();
  const wallMs = monotonicMs() - beganMs;
  const loopTurns = loop.turns();
  const { utilization: loopBusy } = performance.eventLoopUtilization(utilization);
  const fileWaitedMs = await file.stop();
  return { wallMs, loopHeldMs: await loop.stop(), loopBusy, loopTurns, fileWaitedMs };
}

function watchLoop() {
  let heldMs = 0;
  let turns = 0;
  let lastMs = monotonicMs();
  const timer = setInterval(() => {
    const nowMs = monotonicMs();
    heldMs = Math.max(heldMs, nowMs - lastMs);
    lastMs = nowMs;
    turns++;
  }, 1);
  return {
    turns: () => turns,
    restart: () => {
      heldMs = 0;
      turns = 0;
    },
    stop: async () => {
      // It takes another turn to see how long the last one was.
      await sleep(2);
      clearInterval(timer);
      return heldMs;
    },
  };
}

function watchFile() {
  let waitedMs = 0;
  let stopped = false;
  const looks = (async () => {
    for (let dueMs = monotonicMs(); ; dueMs = monotonicMs() + 1) {
      await sleep(1);
      await stat(import.meta.filename);
      waitedMs = Math.max(waitedMs, monotonicMs() - dueMs);
      if (stopped) {
        return waitedMs;
      }
    }
  })();
  return {
    restart: () => {
      waitedMs = 0;
    },
    stop: () => {
      stopped = true;
      return looks;
    },
  };
}
