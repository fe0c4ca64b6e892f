import { niceStep } from "../../../lab/call-pieces.ts";

/** The time axis that all bursts of a race have in common. Lengths are in CSS pixels. */
export interface TimeAxis {
  readonly totalMs: number;
  readonly widthPx: number;
  /** Room for the lanes' names, left, and for the last mark's text, right. */
  readonly leftPx: number;
  readonly rightPx: number;
}

const narrowPx = 560;

/** @param lastMs the last moment to be seen */
export function timeAxis(lastMs: number, widthPx: number): TimeAxis {
  const leftPx = widthPx < narrowPx ? 72 : 96;
  // In steps, or each call that comes would move all others.
  const stepMs = 10 ** Math.floor(Math.log10(Math.max(1, lastMs))) / 10;
  const totalMs = (Math.floor(lastMs / stepMs) + 1) * stepMs;
  return { totalMs, widthPx, leftPx, rightPx: 24 };
}

export function positionPx({ totalMs, widthPx, leftPx, rightPx }: TimeAxis, ms: number): number {
  return leftPx + (ms / totalMs) * (widthPx - leftPx - rightPx);
}

/** A mark's text: where all marks are whole seconds, in seconds. */
export function markText(mark: number, totalMs: number): string {
  return totalMs >= 10_000 ? `${mark / 1_000} s` : `${Number(mark.toPrecision(3))} ms`;
}

/** Where the axis has marks. */
export function axisMarks({ totalMs, widthPx }: TimeAxis): number[] {
  const step = niceStep(totalMs / (widthPx < narrowPx ? 3 : 8));
  return Array.from({ length: Math.floor(totalMs / step) + 1 }, (_, index) => index * step);
}
