import { niceStep, workStart } from "@unblock/lab/call-pieces";
import { executors } from "@unblock/proto/exercises";
import type { Call, LoopSample } from "@unblock/proto/gen/lab";
import UPlot from "uplot";
import type { Burst } from "../run-models.ts";

/** The time axis that all bursts of a race share. Lengths are in CSS pixels. */
export interface TimeAxis {
  readonly totalMs: number;
  readonly widthPx: number;
  /** Room for the lanes' names on the left, and for the last tick's label on the right. */
  readonly leftPx: number;
  readonly rightPx: number;
}

const narrowPx = 560;

/** @param lastMs end of the last call */
export function timeAxis(lastMs: number, widthPx: number): TimeAxis {
  const leftPx = widthPx < narrowPx ? 72 : 96;
  // In steps: otherwise every call that ends would move all others.
  const stepMs = 10 ** Math.floor(Math.log10(Math.max(1, lastMs))) / 10;
  const totalMs = (Math.floor(lastMs / stepMs) + 1) * stepMs;
  return { totalMs, widthPx, leftPx, rightPx: 24 };
}

export function positionPx({ totalMs, widthPx, leftPx, rightPx }: TimeAxis, ms: number): number {
  return leftPx + (ms / totalMs) * (widthPx - leftPx - rightPx);
}

export function axisTicks({ totalMs, widthPx }: TimeAxis): number[] {
  const step = niceStep(totalMs / (widthPx < narrowPx ? 3 : 8));
  return Array.from({ length: Math.floor(totalMs / step) + 1 }, (_, index) => index * step);
}

/** A tick's label: in seconds where all ticks are whole seconds. */
export function tickLabel(tickMs: number, totalMs: number): string {
  return totalMs >= 10_000 ? `${tickMs / 1_000} s` : `${Number(tickMs.toPrecision(3))} ms`;
}

/** Calls that ran in the same thread, process or pool, in the order in which their work started. */
export interface Lane {
  /** Such as "event loop", "thread 3" or "worker 1". */
  readonly name: string;
  readonly calls: readonly Call[];
}

/** Executors in the order of the lanes. */
const order = [...executors.keys()];

/**
 * One lane per thread, per process, and per pool whose threads have no number. Lanes are numbered from 1 in
 * each executor, since thread ids mean nothing to readers.
 */
export function lanesOf(calls: readonly Call[]): Lane[] {
  const byExecutor = Map.groupBy(byWorkStart(calls), ({ executor }) => executor);
  return [...byExecutor]
    .sort(([a], [b]) => rank(a) - rank(b))
    .flatMap(([executor, ran]) =>
      [...Map.groupBy(ran, ({ pid, thread }) => `${pid} ${thread ?? ""}`)]
        .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
        .map(([, lane], index) => ({ name: laneName(executor, index + 1), calls: lane })),
    );
}

/** Computes each call's start once: lanes are recomputed while a thousand calls arrive. */
function byWorkStart(calls: readonly Call[]): Call[] {
  return calls
    .map((call) => ({ call, startMs: workStart(call) }))
    .sort((a, b) => a.startMs - b.startMs)
    .map(({ call }) => call);
}

/** Unknown executors come last. */
function rank(executor: string): number {
  const index = order.indexOf(executor);
  return index === -1 ? order.length : index;
}

function laneName(executor: string, number: number): string {
  const { label = executor || "unknown", lane = "" } = executors.get(executor) ?? {};
  if (lane !== "") {
    return `${lane} ${number}`;
  }
  return number === 1 ? label : `${label} ${number}`;
}

/** A time during which the event loop was blocked. */
export interface Freeze {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Shorter delays are garbage collections and late timers. */
const minFreezeMs = 25;
/** Between two calls that each block the loop, the loop may turn once. */
const maxGapMs = 12;

/** When the event loop was blocked, computed from late samples. */
export function freezesOf(samples: readonly LoopSample[]): Freeze[] {
  const freezes: Freeze[] = [];
  for (const { atMs, delayMs } of samples) {
    if (delayMs < minFreezeMs) {
      continue;
    }
    const last = freezes.at(-1);
    const fromMs = Math.max(0, atMs - delayMs);
    if (last !== undefined && fromMs - last.toMs < maxGapMs) {
      freezes[freezes.length - 1] = { fromMs: last.fromMs, toMs: atMs };
    } else {
      freezes.push({ fromMs, toMs: atMs });
    }
  }
  return freezes;
}

/** Columns of the strip chart: time, loop delay, probe latency, loop utilization in percent. */
export function stripData({ loop, probe }: Pick<Burst, "loop" | "probe">): UPlot.AlignedData {
  const first = loop.slice(0, 1);
  const times = loop.map(({ atMs }) => atMs);
  // A delay grows from 0, from the moment at which the sample was due.
  const dueTimes = loop.map(({ atMs, delayMs }) => atMs - delayMs);
  // Sorts by time. Of points of equal time, the last is drawn.
  return UPlot.join([
    [
      [...dueTimes, ...times],
      [...dueTimes.map(() => 0), ...loop.map(({ delayMs }) => delayMs)],
    ],
    [probe.map(({ intendedMs }) => intendedMs), probe.map(({ latencyMs }) => latencyMs)],
    // A sample's utilization is that of the time before it; the first sample's starts at 0.
    [
      [...first.map(() => 0), ...times],
      [...first, ...loop].map(({ utilization }) => 100 * utilization),
    ],
  ]);
}
