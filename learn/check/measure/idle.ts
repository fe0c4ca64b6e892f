import { setTimeout } from "node:timers/promises";
import type { Observation } from "../../service/observation.ts";
import type { Session } from "../session.ts";
import type { TreeUse } from "./system.ts";

/** A span of time without calls. */
export interface IdleReading {
  readonly ms: number;
  /** CPU time of the event loop's thread. */
  readonly loopCpuMs: number;
  /** Undefined where the operating system does not say. */
  readonly tree: TreeUse | undefined;
  readonly observed: Observation;
}

const idleMs = 250;
/** Pauses at most, while something works in them. */
const maxPauses = 4;
/** A loop without calls may use this CPU time, or be busy for this share of the time. */
const maxIdleBusyMs = 30;
const maxIdleShare = 0.35;

/**
 * Measures the service without calls: what it does then is due to no call. What it does in the first
 * moments may be due to threads that are still loading.
 */
export async function measureIdle(session: Session): Promise<IdleReading> {
  let reading = await measurePause(session);
  for (let pause = 1; pause < maxPauses && isBusy(reading); pause++) {
    reading = await measurePause(session);
  }
  return reading;
}

async function measurePause({ service, tree }: Session): Promise<IdleReading> {
  await service.begin();
  const end = tree.begin();
  const beganMs = performance.now();
  await setTimeout(idleMs);
  const ms = performance.now() - beganMs;
  const used = end();
  const observed = await service.observe();
  return { ms, loopCpuMs: used?.loopCpuMs ?? observed.loopCpuMs, tree: used, observed };
}

/** Whether the event loop, or threads or processes beside it, work without calls. */
export function isBusy(reading: IdleReading): boolean {
  return isLoopBusy(reading) || besideLoopMs(reading) > reading.ms * maxIdleShare;
}

export function isLoopBusy(reading: IdleReading): boolean {
  // Without a core it could neither work nor idle.
  const couldMs = reading.ms - (reading.tree?.loopStarvedMs ?? 0);
  const busyMs = Math.max(reading.loopCpuMs, stoodMs(reading));
  return busyMs > Math.max(maxIdleBusyMs, couldMs * maxIdleShare);
}

/** Time in which the event loop did not turn. */
export function stoodMs({ observed }: IdleReading): number {
  return observed.blockages.reduce((sum, { ms, starvedMs }) => sum + ms - starvedMs, 0);
}

/** CPU time of threads and processes beside the event loop. */
export function besideLoopMs({ tree }: IdleReading): number {
  return tree === undefined ? 0 : tree.threadsCpuMs + tree.childrenCpuMs;
}
