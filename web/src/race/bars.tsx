import { computed, effect, signal } from "@preact/signals";
import { piecesOf } from "@unblock/lab/call-pieces";
import type { Call } from "@unblock/proto/gen/lab";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { type Burst, lastMomentMs, type Race } from "../run-models.ts";
import { colour, coloursChanged, dotted, hatched } from "../theme.ts";
import {
  axisTicks,
  type Freeze,
  freezesOf,
  type Lane,
  lanesOf,
  positionPx,
  type TimeAxis,
} from "./picture-data.ts";

/** Time up to which bars are drawn; Infinity draws everything. */
const playheadMs = signal(Number.POSITIVE_INFINITY);

const minReplayMs = 1_500;
const maxReplayMs = 8_000;

let frame = 0;

export function endReplay(): void {
  cancelAnimationFrame(frame);
  playheadMs.value = Number.POSITIVE_INFINITY;
}

/** Draws a race again as it happened, all bursts at once, short races in slow motion. */
function replay(totalMs: number): void {
  endReplay();
  const durationMs = Math.min(maxReplayMs, Math.max(minReplayMs, totalMs));
  const startMs = performance.now();
  const next = () => {
    const progress = (performance.now() - startMs) / durationMs;
    playheadMs.value = progress < 1 ? progress * totalMs : Number.POSITIVE_INFINITY;
    if (progress < 1) {
      frame = requestAnimationFrame(next);
    }
  };
  next();
}

/** Nothing is shown to users who prefer reduced motion. */
export function ReplayButton({ race }: { readonly race: Race }) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    return null;
  }
  return (
    <button type="button" onClick={() => replay(lastMomentMs(race))}>
      Replay, all at once
    </button>
  );
}

export interface BurstPictureProps {
  readonly burst: Burst;
  readonly axis: TimeAxis;
}

/** A burst's calls, on a canvas because up to a thousand bars move at once. */
export function Bars({ burst, axis }: BurstPictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const lanes = useMemo(() => lanesOf(burst.calls), [burst]);
  const freezes = useMemo(() => freezesOf(burst.loop), [burst]);

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context) {
      return;
    }
    const heightPx = barsHeightPx(lanes, burst.expectedCalls);
    resize(element, axis.widthPx, heightPx);
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.font = "12px system-ui, sans-serif";
    return effect(() =>
      drawBars(context, { lanes, freezes, axis, untilMs: playheadMs.value, heightPx }),
    );
  }, [burst, axis]);

  return (
    <canvas class="bars" role="img" aria-label={describe(burst, lanes, freezes)} ref={canvas} />
  );
}

function describe(
  { strategy, calls, expectedCalls }: Burst,
  lanes: readonly Lane[],
  freezes: readonly Freeze[],
): string {
  const names = lanes.map(({ name }) => name);
  const maxMs = Math.max(...freezes.map(({ fromMs, toMs }) => toMs - fromMs));
  return [
    `${calls.length} of ${expectedCalls} calls with ${strategy} as bars`,
    ...(names.length > 0 ? [`on ${names.slice(0, 20).join(", ")}`] : []),
    ...(freezes.length > 0 ? [`the event loop was blocked for ${maxMs.toFixed(0)} ms`] : []),
  ].join("; ");
}

function resize(canvas: HTMLCanvasElement, widthPx: number, heightPx: number): void {
  const width = Math.round(widthPx * devicePixelRatio);
  const height = Math.round(heightPx * devicePixelRatio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
    canvas.style.width = `${widthPx}px`;
    canvas.style.height = `${heightPx}px`;
  }
}

const topPx = 20;
const edgePx = 4;
const laneGapPx = 3;
const maxRowPx = 15;
const minLanePx = 13;
const maxBarsPx = 360;
/** Narrower pieces would only blur. */
const minPiecePx = 0.2;

/** Colours and patterns of the theme. Pieces differ in lightness and pattern as well as in colour. */
const paint = computed(() => {
  coloursChanged.value;
  return {
    pieces: new Map<string, string | CanvasPattern>([
      ["waiting to be seen", colour("--waiting")],
      ["queue", hatched("--queue", "--queue-line", true)],
      ["download", dotted("--download", "--work")],
      ["reply on its way", colour("--reply")],
      ["failed", hatched("--failed", "--bad", false)],
    ]),
    work: colour("--work"),
    freeze: hatched("--frozen", "--frozen-line", false),
    /** Line above a freeze. */
    edge: colour("--delay"),
    text: colour("--text"),
    line: colour("--line"),
  };
});

interface BarsPicture {
  readonly lanes: readonly Lane[];
  readonly freezes: readonly Freeze[];
  readonly axis: TimeAxis;
  /** Later pieces are not drawn. */
  readonly untilMs: number;
  readonly heightPx: number;
}

/** Height of a burst's bars. It does not change while the burst's calls arrive. */
function barsHeightPx(lanes: readonly Lane[], expectedCalls: number): number {
  const rowPx = rowHeightPx(expectedCalls);
  const drawn = lanes.reduce((sum, lane) => sum + laneHeightPx(lane, rowPx) + laneGapPx, 0);
  return Math.ceil(topPx + Math.max(drawn, expectedCalls * rowPx + laneGapPx));
}

/** Draws every call as a bar, in the lane of where it ran. */
function drawBars(context: CanvasRenderingContext2D, picture: BarsPicture): void {
  const { lanes, axis, untilMs, heightPx } = picture;
  const { line, text } = paint.value;
  context.clearRect(0, 0, axis.widthPx, heightPx);
  context.fillStyle = line;
  for (const tick of axisTicks(axis)) {
    context.fillRect(Math.round(positionPx(axis, tick)), topPx, 1, heightPx - topPx);
  }
  drawFreezes(context, picture);
  const calls = lanes.reduce((sum, lane) => sum + lane.calls.length, 0);
  const rowPx = rowHeightPx(calls);
  let y = topPx;
  for (const lane of lanes) {
    const lanePx = laneHeightPx(lane, rowPx);
    context.fillStyle = text;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillText(lane.name, axis.leftPx - 8, y + Math.min(lanePx, 24) / 2);
    const callPx = lanePx / lane.calls.length;
    lane.calls.forEach((call, index) => {
      drawCall(context, call, y + index * callPx, callPx, picture);
    });
    y += lanePx + laneGapPx;
  }
  if (untilMs < axis.totalMs) {
    context.fillStyle = text;
    context.fillRect(positionPx(axis, untilMs), topPx, 1, heightPx - topPx);
  }
}

function drawCall(
  context: CanvasRenderingContext2D,
  call: Call,
  y: number,
  callPx: number,
  { axis, untilMs }: BarsPicture,
): void {
  const { pieces: fills, work } = paint.value;
  // On whole device pixels: otherwise the ground shows through rows thinner than one pixel.
  const top = wholePixels(y);
  const height = Math.max(1 / devicePixelRatio, wholePixels(callPx > 4 ? callPx - 1 : callPx));
  const pieces =
    call.code === "ok"
      ? piecesOf(call)
      : [{ name: "failed", fromMs: call.sentMs, toMs: call.endedMs }];
  for (const { name, fromMs, toMs } of pieces) {
    const x = positionPx(axis, fromMs);
    const minPx = name === "work" && fromMs < untilMs ? 1 : 0;
    const width = Math.max(minPx, positionPx(axis, Math.min(toMs, untilMs)) - x);
    if (width >= minPiecePx) {
      context.fillStyle = fills.get(name) ?? work;
      context.fillRect(x, top, width, height);
    }
  }
}

function drawFreezes(
  context: CanvasRenderingContext2D,
  { freezes, axis, untilMs, heightPx }: BarsPicture,
): void {
  const { freeze, edge, text } = paint.value;
  context.textAlign = "left";
  context.textBaseline = "top";
  let freePx = 0;
  for (const { fromMs, toMs } of freezes) {
    if (fromMs >= untilMs) {
      return;
    }
    // A freeze may last beyond the last call.
    const endMs = Math.min(toMs, untilMs);
    const endPx = positionPx(axis, Math.min(endMs, axis.totalMs));
    const x = positionPx(axis, fromMs);
    context.fillStyle = freeze;
    context.fillRect(x, topPx, endPx - x, heightPx - topPx);
    // The edge stays visible where bars cover the rest.
    context.fillStyle = edge;
    context.fillRect(x, topPx - edgePx, endPx - x, edgePx);
    const label = `loop blocked ${(endMs - fromMs).toFixed(0)} ms`;
    const textWidthPx = context.measureText(label).width;
    const textPx = Math.min(x, axis.widthPx - textWidthPx);
    if (textPx >= freePx) {
      context.fillStyle = text;
      context.fillText(label, textPx, 1);
      freePx = textPx + textWidthPx + 8;
    }
  }
}

/** The nearest whole number of device pixels, in CSS pixels. */
function wholePixels(px: number): number {
  return Math.round(px * devicePixelRatio) / devicePixelRatio;
}

function rowHeightPx(calls: number): number {
  return Math.min(maxRowPx, maxBarsPx / Math.max(1, calls));
}

function laneHeightPx({ calls }: Lane, rowPx: number): number {
  return Math.max(minLanePx, calls.length * rowPx);
}
