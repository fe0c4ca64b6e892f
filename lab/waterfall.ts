import type { CallRecord } from "@unblock/loadtest/burst";
import { markOf } from "@unblock/terminal/mark";
import { ms } from "@unblock/terminal/numbers";
import { niceStep, piecesOf, workStart } from "./call-pieces.ts";
import type { Measurement } from "./judge.ts";
import { callsAtOnce } from "./table.ts";

// All lengths are in pixels.
const width = 860;
const labelWidth = 150;
const rightMargin = 90;
const plotWidth = width - labelWidth - rightMargin;
const barsHeight = 44;
const rowGap = 10;
const titleHeight = 34;
const axisHeight = 26;
const legendHeight = 48;

/** Fill of each piece of a call. Pieces differ in lightness and pattern as well as in colour. */
const parts = [
  { name: "waiting to be seen", fill: "#d7dbe0" },
  { name: "download", fill: "#9ecae1" },
  { name: "queue", fill: "url(#queue)" },
  { name: "work", fill: "#1f5fa8" },
  { name: "reply on its way", fill: "#eceff2" },
];

/**
 * Draws the median burst of each measurement as an SVG document, with one bar per call. The strategies of an
 * exercise share a time axis.
 */
export function renderWaterfalls(measurements: readonly Measurement[]): string {
  const several = measurements.filter(({ isOneWorker }) => !isOneWorker);
  const groups = [...Map.groupBy(several, ({ exercise }) => exercise.letter).values()];
  let y = legendHeight;
  const drawn: string[] = [];
  for (const group of groups) {
    drawn.push(`<g transform="translate(0 ${y})">${exerciseGroup(group)}</g>`);
    y += groupHeight(group);
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" font-family="system-ui, sans-serif" font-size="12" fill="#1c2733">`,
    "<title>Bursts of calls, one bar per call, on one time axis per exercise</title>",
    '<defs><pattern id="queue" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="5" height="5" fill="#fdf0d5"/><rect width="2" height="5" fill="#e09f3e"/></pattern></defs>',
    `<rect width="${width}" height="${y}" fill="#ffffff"/>`,
    legend(),
    ...drawn,
    "</svg>",
    "",
  ].join("\n");
}

function legend(): string {
  return parts
    .map(({ name, fill }, index) => {
      const x = 16 + index * 160;
      return `<rect x="${x}" y="16" width="14" height="14" fill="${fill}" stroke="#8795a1" stroke-width="0.5"/><text x="${x + 20}" y="27">${name}</text>`;
    })
    .join("");
}

function groupHeight(group: readonly Measurement[]): number {
  return titleHeight + group.length * (barsHeight + rowGap) + axisHeight;
}

function exerciseGroup(group: readonly Measurement[]): string {
  const maxMs = Math.max(...group.map(endOf));
  const perMs = plotWidth / maxMs;
  const [first] = group;
  if (first === undefined) {
    return "";
  }
  const { letter, title, burst } = first.exercise;
  const rows = group.map((measurement, index) => {
    const y = titleHeight + index * (barsHeight + rowGap);
    return `<g transform="translate(0 ${y})">${burstRow(measurement, perMs)}</g>`;
  });
  const bottom = titleHeight + group.length * (barsHeight + rowGap);
  return [
    `<text x="16" y="22" font-size="15" font-weight="600">${letter}  ${escapeXml(title)}</text>`,
    `<text x="${width - 16}" y="22" text-anchor="end" fill="#5b6b7a">${callsAtOnce(burst.calls)}</text>`,
    ...rows,
    axis(bottom, maxMs, perMs),
  ].join("");
}

function endOf({ medianBurst }: Measurement): number {
  return Math.max(...medianBurst.map(({ endedMs }) => endedMs));
}

function burstRow(measurement: Measurement, perMs: number): string {
  const { strategy, wallMs, medianBurst } = measurement;
  const { mark } = markOf(strategy.suitability);
  const callHeight = barsHeight / medianBurst.length;
  const byStart = medianBurst.toSorted((a, b) => workStart(a) - workStart(b));
  const bars = byStart.map((call, index) => callBar(call, index * callHeight, callHeight, perMs));
  const end = labelWidth + endOf(measurement) * perMs;
  return [
    `<text x="${labelWidth - 10}" y="${barsHeight / 2 + 4}" text-anchor="end">${mark} ${escapeXml(strategy.name)}</text>`,
    ...bars,
    `<text x="${end + 6}" y="${barsHeight / 2 + 4}" fill="#5b6b7a">${ms(wallMs.median)} ms</text>`,
  ].join("");
}

function callBar(call: CallRecord, y: number, callHeight: number, perMs: number): string {
  const height = Math.max(0.35, callHeight * 0.8).toFixed(2);
  return piecesOf(call)
    .filter(({ fromMs, toMs }) => (toMs - fromMs) * perMs >= 0.2)
    .map(({ name, fromMs, toMs }) => {
      const fill = parts.find((part) => part.name === name)?.fill ?? "#1f5fa8";
      const x = (labelWidth + fromMs * perMs).toFixed(1);
      return `<rect x="${x}" y="${y.toFixed(2)}" width="${((toMs - fromMs) * perMs).toFixed(1)}" height="${height}" fill="${fill}"/>`;
    })
    .join("");
}

function axis(y: number, maxMs: number, perMs: number): string {
  const step = niceStep(maxMs / 5);
  const ticks: string[] = [];
  for (let at = 0; at <= maxMs; at += step) {
    const x = (labelWidth + at * perMs).toFixed(1);
    const label = step < 1 ? at.toFixed(1) : at.toFixed(0);
    ticks.push(
      `<line x1="${x}" y1="${titleHeight}" x2="${x}" y2="${y}" stroke="#1c2733" stroke-opacity="0.12"/><text x="${x}" y="${y + 14}" text-anchor="middle" font-size="11" fill="#5b6b7a">${label} ms</text>`,
    );
  }
  return ticks.join("");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
