import type UPlot from "uplot";
import { colour } from "../theme.ts";

const font = "12px system-ui, sans-serif";

/** An axis in the theme's colours, whatever they become. */
export function axis(more: UPlot.Axis = {}): UPlot.Axis {
  const lines = { stroke: () => colour("--line"), width: 1 };
  return { stroke: () => colour("--text"), grid: lines, ticks: lines, font, ...more };
}

/** A curve in a colour of the stylesheet; no two of a chart have the same dash. */
export function curve(label: string, name: string, more: UPlot.Series = {}): UPlot.Series {
  return {
    label,
    stroke: () => colour(name),
    width: 2,
    points: { show: false },
    spanGaps: true,
    ...more,
  };
}

/** For the legend is beside the chart, and the numbers are in its table. */
export const still = { legend: { show: false }, cursor: { show: false } } as const;
