import { effect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { barsHeightPx, drawBars } from "./draw-bars.ts";
import { type Frozen, frozenSpans } from "./frozen.ts";
import { type Lane, lanesOf } from "./lanes.ts";
import { currentPaint } from "./paint.ts";
import { playheadMs } from "./playhead.ts";
import type { Burst } from "./race-model.ts";
import type { TimeAxis } from "./time-axis.ts";

interface BarsProps {
  readonly burst: Burst;
  /** The burst's, which changes in place. */
  readonly version: number;
  readonly axis: TimeAxis;
}

/** A burst's calls. A canvas, since a thousand of them move at once. */
export function Bars({ burst, version, axis }: BarsProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  // The burst changes in place.
  const { lanes, frozen } = useMemo(
    () => ({ lanes: lanesOf(burst.calls), frozen: frozenSpans(burst.loop) }),
    [burst, version],
  );

  // The burst changes in place.
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
      const picture = { lanes, frozen, axis, untilMs: playheadMs.value };
      drawBars(context, picture, heightPx, currentPaint(context));
    });
  }, [burst, lanes, frozen, axis]);

  return (
    <canvas class="bars" role="img" aria-label={describe(burst, lanes, frozen)} ref={canvas} />
  );
}

function describe(
  { strategy, calls, expectedCalls }: Burst,
  lanes: readonly Lane[],
  frozen: readonly Frozen[],
): string {
  const places = lanes.map(({ name }) => name);
  const longest = frozen.reduce((most, { fromMs, toMs }) => Math.max(most, toMs - fromMs), 0);
  return [
    `${calls.length} of ${expectedCalls} calls with ${strategy} as bars`,
    ...(places.length > 0 ? [`on ${places.slice(0, 20).join(", ")}`] : []),
    ...(longest > 0 ? [`the event loop stood still for ${longest.toFixed(0)} ms`] : []),
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
