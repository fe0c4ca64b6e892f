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
  return { totalMs: Math.max(1, lastMs * 1.04), widthPx, leftPx, rightPx: 16 };
}

export function positionPx({ totalMs, widthPx, leftPx, rightPx }: TimeAxis, ms: number): number {
  return leftPx + (ms / totalMs) * (widthPx - leftPx - rightPx);
}

/** Where the axis has marks. */
export function axisMarks({ totalMs, widthPx }: TimeAxis): number[] {
  const step = niceStep(totalMs / (widthPx < narrowPx ? 3 : 8));
  return Array.from({ length: Math.floor(totalMs / step) + 1 }, (_, index) => index * step);
}
