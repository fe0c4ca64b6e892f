import { effect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import UPlot from "uplot";
import { colour, coloursChanged } from "./theme.ts";

export type ChartOptions = Omit<UPlot.Options, "width" | "height" | "legend" | "cursor">;

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
    const size = () => ({ width: element.clientWidth, height: heightPx });
    // The legend is beside the chart, the numbers are in its table.
    const still = { legend: { show: false }, cursor: { show: false } };
    const plot = new UPlot({ ...options, ...still, ...size() }, latest.current, element);
    chart.current = plot;
    const observer = new ResizeObserver(() => plot.setSize(size()));
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
export function axis(more: UPlot.Axis): UPlot.Axis {
  const lines = { stroke: () => colour("--line"), width: 1 };
  const font = "12px system-ui, sans-serif";
  return { stroke: () => colour("--text"), grid: lines, ticks: lines, font, ...more };
}

/** Labels of an axis's ticks, with a unit. */
export function inUnit(unit: string): NonNullable<UPlot.Axis["values"]> {
  return (_, ticks) => ticks.map((tick) => `${tick} ${unit}`);
}

/** A range from 0 to a little above the largest value, and to `minTop` at least. */
export function fromZero(minTop: number, headroom: number): UPlot.Range.Function {
  return (_, __, max) => [0, Math.max(minTop, headroom * max)];
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

interface LegendProps {
  /** Each swatch is a class of the stylesheet. */
  readonly entries: readonly (readonly [swatch: string, text: string])[];
}

/** Explains the colours, patterns and dashes of a chart. */
export function Legend({ entries }: LegendProps) {
  return (
    <ul class="legend">
      {entries.map(([swatch, text]) => (
        <li key={swatch}>
          <span class={`swatch ${swatch}`} />
          {text}
        </li>
      ))}
    </ul>
  );
}

interface ChartProps extends Omit<PlotProps, "label"> {
  readonly title: string;
  /** Default: the title. */
  readonly label?: string;
  readonly legend: LegendProps["entries"];
}

/** A plot below its title and legend. */
export function Chart({ title, label = title, legend, ...plot }: ChartProps) {
  return (
    <section class="picture">
      <h3>{title}</h3>
      <Legend entries={legend} />
      <Plot label={label} {...plot} />
    </section>
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
        <Scroll label={caption}>
          <table>
            <TableHead columns={columns} />
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
        </Scroll>
      )}
    </details>
  );
}

interface ScrollProps {
  readonly label: string;
  readonly children: ComponentChildren;
}

/** A region that scrolls where its content is too wide or too long. */
export function Scroll({ label, children }: ScrollProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll it
    <section class="scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}

export function TableHead({ columns }: { readonly columns: readonly string[] }) {
  return (
    <thead>
      <tr>
        {columns.map((name) => (
          <th scope="col" key={name}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}
