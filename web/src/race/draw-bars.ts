import { piecesOf } from "@unblock/lab/call-pieces";
import type { Call } from "@unblock/proto/gen/lab";
import { colour, coloursChanged } from "../theme.ts";
import { axisTicks, type Freeze, type Lane, positionPx, type TimeAxis } from "./picture-data.ts";

const topPx = 20;
const edgePx = 4;
const laneGapPx = 3;
const maxRowPx = 15;
const minLanePx = 13;
const maxBarsPx = 360;
/** Narrower pieces would only blur. */
const minPiecePx = 0.2;
/** Side of a pattern's tile. */
const tilePx = 6;

type Fill = string | CanvasPattern;

/** Colours and patterns of the bars. Pieces differ in lightness and pattern as well as in colour. */
export interface Paint {
  readonly pieces: Readonly<Record<string, Fill>>;
  readonly failed: Fill;
  readonly freeze: Fill;
  /** Line above a freeze. */
  readonly edge: string;
  readonly text: string;
  readonly line: string;
}

export interface BarsPicture {
  readonly lanes: readonly Lane[];
  readonly freezes: readonly Freeze[];
  readonly axis: TimeAxis;
  /** Later pieces are not drawn. */
  readonly untilMs: number;
  readonly heightPx: number;
}

let mixed: { readonly forColours: number; readonly paint: Paint } | undefined;

/** The theme's paint. An effect that calls this runs again when the theme changes. */
export function currentPaint(context: CanvasRenderingContext2D): Paint {
  const forColours = coloursChanged.value;
  if (mixed?.forColours !== forColours) {
    mixed = { forColours, paint: mixPaint(context) };
  }
  return mixed.paint;
}

function mixPaint(context: CanvasRenderingContext2D): Paint {
  const hatched = (ground: string, lines: string, rising: boolean) =>
    makePattern(context, ground, lines, (tile) => {
      for (const shift of [-tilePx, 0, tilePx]) {
        tile.moveTo(shift, rising ? tilePx : 0);
        tile.lineTo(shift + tilePx, rising ? 0 : tilePx);
      }
    });
  const dotted = (ground: string, dots: string) =>
    makePattern(context, ground, dots, (tile) => tile.rect(2, 2, 1.5, 1.5));
  return {
    pieces: {
      "waiting to be seen": colour("--waiting"),
      queue: hatched("--queue", "--queue-line", true),
      download: dotted("--download", "--work"),
      work: colour("--work"),
      "reply on its way": colour("--reply"),
    },
    failed: hatched("--failed", "--bad", false),
    freeze: hatched("--frozen", "--frozen-line", false),
    edge: colour("--delay"),
    text: colour("--text"),
    line: colour("--line"),
  };
}

function makePattern(
  context: CanvasRenderingContext2D,
  ground: string,
  lines: string,
  trace: (tile: OffscreenCanvasRenderingContext2D) => void,
): Fill {
  const canvas = new OffscreenCanvas(tilePx, tilePx);
  const tile = canvas.getContext("2d");
  if (tile === null) {
    return colour(ground);
  }
  tile.fillStyle = colour(ground);
  tile.fillRect(0, 0, tilePx, tilePx);
  tile.strokeStyle = colour(lines);
  tile.lineWidth = 1.4;
  tile.beginPath();
  trace(tile);
  tile.stroke();
  return context.createPattern(canvas, "repeat") ?? colour(ground);
}

/** Height of a burst's bars. It does not change while the burst's calls arrive. */
export function barsHeightPx(lanes: readonly Lane[], expectedCalls: number): number {
  const rowPx = rowHeightPx(expectedCalls);
  const drawn = lanes.reduce((sum, lane) => sum + laneHeightPx(lane, rowPx) + laneGapPx, 0);
  return Math.ceil(topPx + Math.max(drawn, expectedCalls * rowPx + laneGapPx));
}

/** Draws every call as a bar, in the lane of where it ran. */
export function drawBars(
  context: CanvasRenderingContext2D,
  picture: BarsPicture,
  paint: Paint,
): void {
  const { lanes, axis, untilMs, heightPx } = picture;
  context.clearRect(0, 0, axis.widthPx, heightPx);
  context.fillStyle = paint.line;
  for (const tick of axisTicks(axis)) {
    context.fillRect(Math.round(positionPx(axis, tick)), topPx, 1, heightPx - topPx);
  }
  drawFreezes(context, picture, paint);
  const calls = lanes.reduce((sum, lane) => sum + lane.calls.length, 0);
  const rowPx = rowHeightPx(calls);
  let y = topPx;
  for (const lane of lanes) {
    const lanePx = laneHeightPx(lane, rowPx);
    context.fillStyle = paint.text;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillText(lane.name, axis.leftPx - 8, y + Math.min(lanePx, 24) / 2);
    const callPx = lanePx / lane.calls.length;
    lane.calls.forEach((call, index) => {
      drawCall(context, call, y + index * callPx, callPx, picture, paint);
    });
    y += lanePx + laneGapPx;
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
  callPx: number,
  { axis, untilMs }: BarsPicture,
  paint: Paint,
): void {
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
      context.fillStyle =
        name === "failed" ? paint.failed : (paint.pieces[name] ?? paint.pieces.work ?? paint.text);
      context.fillRect(x, top, width, height);
    }
  }
}

function drawFreezes(
  context: CanvasRenderingContext2D,
  { freezes, axis, untilMs, heightPx }: BarsPicture,
  paint: Paint,
): void {
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
    context.fillStyle = paint.freeze;
    context.fillRect(x, topPx, endPx - x, heightPx - topPx);
    // The edge stays visible where bars cover the rest.
    context.fillStyle = paint.edge;
    context.fillRect(x, topPx - edgePx, endPx - x, edgePx);
    const text = `loop blocked ${(endMs - fromMs).toFixed(0)} ms`;
    const textWidthPx = context.measureText(text).width;
    const textPx = Math.min(x, axis.widthPx - textWidthPx);
    if (textPx >= freePx) {
      context.fillStyle = paint.text;
      context.fillText(text, textPx, 1);
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
