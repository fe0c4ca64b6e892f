import { effect, signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { barsHeightPx, currentPaint, drawBars } from "./draw-bars.ts";
import { type Freeze, freezesOf, type Lane, lanesOf, type TimeAxis } from "./picture-data.ts";
import { type Burst, lastMomentMs, type Race } from "./race-model.ts";

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
  /** The burst's version, since the burst changes in place. */
  readonly version: number;
  readonly axis: TimeAxis;
}

/** A burst's calls, on a canvas because up to a thousand bars move at once. */
export function Bars({ burst, version, axis }: BurstPictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { lanes, freezes } = useMemo(
    () => ({ lanes: lanesOf(burst.calls), freezes: freezesOf(burst.loop) }),
    [burst, version],
  );

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
    return effect(() => {
      const picture = { lanes, freezes, axis, untilMs: playheadMs.value, heightPx };
      drawBars(context, picture, currentPaint(context));
    });
  }, [burst, lanes, freezes, axis]);

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
  const maxMs = freezes.reduce((max, { fromMs, toMs }) => Math.max(max, toMs - fromMs), 0);
  return [
    `${calls.length} of ${expectedCalls} calls with ${strategy} as bars`,
    ...(names.length > 0 ? [`on ${names.slice(0, 20).join(", ")}`] : []),
    ...(maxMs > 0 ? [`the event loop was blocked for ${maxMs.toFixed(0)} ms`] : []),
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
