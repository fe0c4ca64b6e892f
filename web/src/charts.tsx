import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import UPlot from "uplot";
import { colour, coloursChanged } from "./theme.ts";

export type ChartOptions = Omit<UPlot.Options, "width" | "height">;

interface PlotProps {
  /** Description for screen readers; the numbers are in a table below. */
  readonly label: string;
  readonly heightPx: number;
  /** Must stay the same object for as long as the chart is shown. */
  readonly options: ChartOptions;
  readonly data: UPlot.AlignedData;
}

/** A chart that fills the available width, in the theme's colours. */
export function Plot({ label, heightPx, options, data }: PlotProps) {
  const container = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot>(undefined);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const element = container.current;
    if (element === null) {
      return;
    }
    const plot = new UPlot(
      { ...options, width: element.clientWidth, height: heightPx },
      latest.current,
      element,
    );
    chart.current = plot;
    const observer = new ResizeObserver(() => {
      plot.setSize({ width: element.clientWidth, height: heightPx });
    });
    observer.observe(element);
    const stopFollowing = effect(() => {
      coloursChanged.value;
      plot.redraw(false);
    });
    return () => {
      stopFollowing();
      observer.disconnect();
      plot.destroy();
      chart.current = undefined;
    };
  }, [options, heightPx]);

  useEffect(() => chart.current?.setData(data), [data]);

  return <div class="plot" role="img" aria-label={label} ref={container} />;
}

/** An axis that follows the theme's colours. */
export function axis(more: UPlot.Axis = {}): UPlot.Axis {
  const lines = { stroke: () => colour("--line"), width: 1 };
  const font = "12px system-ui, sans-serif";
  return { stroke: () => colour("--text"), grid: lines, ticks: lines, font, ...more };
}

/** A curve in a colour of the stylesheet. Curves of one chart differ in their dash as well. */
export function curve(label: string, colourName: string, more: UPlot.Series = {}): UPlot.Series {
  return {
    label,
    stroke: () => colour(colourName),
    width: 2,
    points: { show: false },
    spanGaps: true,
    ...more,
  };
}

/** Options without legend and cursor: the legend is beside the chart, the numbers are in its table. */
export const still = { legend: { show: false }, cursor: { show: false } } as const;

interface LegendProps {
  /** Each swatch is a class of the stylesheet. */
  readonly entries: readonly { readonly swatch: string; readonly text: string }[];
}

/** Explains the colours, patterns and dashes of a chart. */
export function Legend({ entries }: LegendProps) {
  return (
    <ul class="legend">
      {entries.map(({ swatch, text }) => (
        <li key={swatch}>
          <span class={`swatch ${swatch}`} />
          {text}
        </li>
      ))}
    </ul>
  );
}

interface DataTableProps {
  readonly caption: string;
  readonly columns: readonly string[];
  /** Called only while the table is open: it may have thousands of rows. */
  readonly rows: () => readonly (readonly (string | number)[])[];
}

/** The numbers of a chart, folded away. */
export function DataTable({ caption, columns, rows }: DataTableProps) {
  const [open, setOpen] = useState(false);
  return (
    <details class="data" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Table: {caption}</summary>
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll it
        <section class="scroll" tabIndex={0} aria-label={caption}>
          <table>
            <thead>
              <tr>
                {columns.map((name) => (
                  <th scope="col" key={name}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows().map((row, index) => (
                <tr key={index}>
                  {row.map((cell, at) => (
                    <td key={columns[at]}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}
