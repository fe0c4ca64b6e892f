import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import UPlot from "uplot";
import { coloursChanged } from "../theme.ts";

interface PlotProps {
  /** What it shows, for those who can't see it; its numbers are in a table below. */
  readonly label: string;
  readonly heightPx: number;
  /** Must stay the same object while the chart does. */
  readonly options: Omit<UPlot.Options, "width" | "height">;
  readonly data: UPlot.AlignedData;
}

/** A chart that is as wide as there is room, in the theme's colours. */
export function Plot({ label, heightPx, options, data }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot>(undefined);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const element = place.current;
    if (element === null) {
      return;
    }
    const made = new UPlot(
      { ...options, width: element.clientWidth, height: heightPx },
      latest.current,
      element,
    );
    chart.current = made;
    const observer = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height: heightPx });
    });
    observer.observe(element);
    const stopFollowing = effect(() => {
      coloursChanged.value;
      made.redraw(false);
    });
    return () => {
      stopFollowing();
      observer.disconnect();
      made.destroy();
      chart.current = undefined;
    };
  }, [options, heightPx]);

  useEffect(() => chart.current?.setData(data), [data]);

  return <div class="plot" role="img" aria-label={label} ref={place} />;
}
