import type { Call } from "../../../gen/unblock/v1/lab_pb.ts";
import { piecesOf } from "../../../lab/call-pieces.ts";
import type { Frozen } from "./frozen.ts";
import type { Lane } from "./lanes.ts";
import type { Paint } from "./paint.ts";
import { axisMarks, positionPx, type TimeAxis } from "./time-axis.ts";

const topPx = 20;
const edgePx = 4;
const laneGapPx = 3;
const tallestRowPx = 15;
const smallestLanePx = 13;
const tallestBarsPx = 360;
/** A piece that is narrower would be seen as nothing but a blur. */
const narrowestPx = 0.2;

export interface BarsPicture {
  readonly lanes: readonly Lane[];
  readonly frozen: readonly Frozen[];
  readonly axis: TimeAxis;
  /** What came later is not drawn. */
  readonly untilMs: number;
}

/** How tall the bars of a burst are, which does not change while its calls come. */
export function barsHeightPx(lanes: readonly Lane[], expectedCalls: number): number {
  const rowPx = rowHeightPx(expectedCalls);
  const drawn = lanes.reduce((sum, lane) => sum + laneHeightPx(lane, rowPx) + laneGapPx, 0);
  return Math.ceil(topPx + Math.max(drawn, expectedCalls * rowPx + laneGapPx));
}

/** Every call is a bar, in the lane of where it ran. */
export function drawBars(
  context: CanvasRenderingContext2D,
  { lanes, frozen, axis, untilMs }: BarsPicture,
  heightPx: number,
  paint: Paint,
): void {
  context.clearRect(0, 0, axis.widthPx, heightPx);
  drawGrid(context, axis, heightPx, paint);
  drawFrozen(context, frozen, axis, untilMs, heightPx, paint);
  const calls = lanes.reduce((sum, lane) => sum + lane.calls.length, 0);
  const rowPx = rowHeightPx(calls);
  let y = topPx;
  for (const lane of lanes) {
    const laneHeight = laneHeightPx(lane, rowPx);
    context.fillStyle = paint.text;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillText(lane.name, axis.leftPx - 8, y + Math.min(laneHeight, 24) / 2);
    const slotPx = laneHeight / lane.calls.length;
    lane.calls.forEach((call, index) => {
      drawCall(context, call, y + index * slotPx, slotPx, axis, untilMs, paint);
    });
    y += laneHeight + laneGapPx;
  }
  if (untilMs < axis.totalMs) {
    context.fillStyle = paint.text;
    context.fillRect(positionPx(axis, untilMs), topPx, 1, heightPx - topPx);
  }
}

function drawCall(
  context: CanvasRenderingContext2D,
  call: Call,
  y: number,
  slotPx: number,
  axis: TimeAxis,
  untilMs: number,
  paint: Paint,
): void {
  // On whole pixels, or what is behind shows through where rows are thinner than one.
  const top = wholePixels(y);
  const height = Math.max(1 / devicePixelRatio, wholePixels(slotPx > 4 ? slotPx - 1 : slotPx));
  const pieces =
    call.code === "ok"
      ? piecesOf(call)
      : [{ name: "failed", fromMs: call.sentMs, toMs: call.endedMs }];
  for (const { name, fromMs, toMs } of pieces) {
    const x = positionPx(axis, fromMs);
    const width = positionPx(axis, Math.min(toMs, untilMs)) - x;
    const leastPx = name === "work" && fromMs < untilMs ? 1 : 0;
    if (Math.max(width, leastPx) >= narrowestPx) {
      context.fillStyle =
        name === "failed" ? paint.failed : (paint.pieces[name] ?? paint.pieces.work ?? paint.text);
      context.fillRect(x, top, Math.max(width, leastPx), height);
    }
  }
}

function drawGrid(
  context: CanvasRenderingContext2D,
  axis: TimeAxis,
  heightPx: number,
  paint: Paint,
): void {
  context.fillStyle = paint.line;
  for (const mark of axisMarks(axis)) {
    context.fillRect(Math.round(positionPx(axis, mark)), topPx, 1, heightPx - topPx);
  }
}

function drawFrozen(
  context: CanvasRenderingContext2D,
  frozen: readonly Frozen[],
  axis: TimeAxis,
  untilMs: number,
  heightPx: number,
  paint: Paint,
): void {
  context.textAlign = "left";
  context.textBaseline = "top";
  let freePx = 0;
  for (const { fromMs, toMs } of frozen) {
    if (fromMs >= untilMs) {
      return;
    }
    // It may last beyond the last call.
    const endMs = Math.min(toMs, untilMs);
    const endPx = positionPx(axis, Math.min(endMs, axis.totalMs));
    const x = positionPx(axis, fromMs);
    context.fillStyle = paint.frozen;
    context.fillRect(x, topPx, endPx - x, heightPx - topPx);
    // Bars may cover it all but for this edge.
    context.fillStyle = paint.edge;
    context.fillRect(x, topPx - edgePx, endPx - x, edgePx);
    const text = `loop frozen ${(endMs - fromMs).toFixed(0)} ms`;
    const widthPx = context.measureText(text).width;
    const textPx = Math.min(x, axis.widthPx - widthPx);
    if (textPx >= freePx) {
      context.fillStyle = paint.text;
      context.fillText(text, textPx, 1);
      freePx = textPx + widthPx + 8;
    }
  }
}

/** The nearest length that is a whole number of the screen's pixels. */
function wholePixels(px: number): number {
  return Math.round(px * devicePixelRatio) / devicePixelRatio;
}

function rowHeightPx(calls: number): number {
  return Math.min(tallestRowPx, tallestBarsPx / Math.max(1, calls));
}

function laneHeightPx({ calls }: Lane, rowPx: number): number {
  return Math.max(smallestLanePx, calls.length * rowPx);
}
