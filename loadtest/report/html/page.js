// Draws the charts of a report. Runs in the page, where uPlot is a global.
const charts = JSON.parse(document.getElementById("data").textContent);
const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(name).trim();
const grid = { stroke: colour("--line"), width: 1 };
const axis = { stroke: colour("--text"), grid, ticks: grid };
const series = (label, name, more) => ({
  label,
  stroke: colour(name),
  width: 2,
  points: { show: false },
  ...more,
});

const names = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %"];
const nines = ([percentile]) => -Math.log10(1 - Number.parseFloat(percentile) / 100);
const seconds = { values: (_, splits) => splits.map((value) => `${value} s`) };

/** Marks the seconds in which the client was the limit. */
const shade = (rows) => ({
  hooks: {
    drawClear: [
      (chart) => {
        chart.ctx.fillStyle = colour("--shade");
        rows.forEach(([end, , , , , limited], at) => {
          if (limited !== "") {
            const begin = at === 0 ? end : rows[at - 1][0];
            const from = Math.max(chart.bbox.left, chart.valToPos(begin, "x", true));
            const to = chart.valToPos(end, "x", true);
            chart.ctx.fillRect(from, chart.bbox.top, to - from, chart.bbox.height);
          }
        });
      },
    ],
  },
});

/** Options of each chart: its axes, the series, and where a row is on the x axis. */
const kinds = {
  percentiles: ({ columns, rows }) => ({
    x: nines,
    axis: {
      splits: () => names.map((_, at) => at).filter((at) => at <= Math.max(...rows.map(nines))),
      values: (_, splits) => splits.map((at) => names[at]),
    },
    label: "ms",
    series: [
      series(columns[1], "--first"),
      ...columns.slice(2).map((label) => series(label, "--second", { dash: [6, 4] })),
    ],
  }),
  latency: ({ rows }) => ({
    axis: seconds,
    label: "ms",
    series: [
      series("p50", "--first"),
      series("p90", "--second", { dash: [8, 3] }),
      series("p99", "--third", { dash: [3, 3] }),
      series("max", "--fourth", { width: 1 }),
    ],
    plugins: [shade(rows)],
  }),
  throughput: () => ({
    axis: seconds,
    label: "per second",
    series: [series("calls", "--first"), series("errors", "--third", { dash: [3, 3] })],
  }),
  histogram: ({ rows }) => ({
    x: (_, at) => at,
    axis: {
      label: "ms",
      splits: () => rows.map((_, at) => at),
      values: (_, splits) =>
        splits.map((at) => (at % Math.ceil(rows.length / 8) === 0 ? rows[at]?.[0] : "")),
    },
    label: "calls",
    series: [
      series("calls", "--first", {
        fill: colour("--first"),
        paths: uPlot.paths.bars({ size: [0.8] }),
      }),
    ],
  }),
};

for (const chart of charts) {
  const { x = ([first]) => first, label, plugins = [], ...kind } = kinds[chart.id](chart);
  const container = document.getElementById(chart.id);
  const size = () => ({ width: Math.max(280, container.clientWidth), height: 280 });
  const options = {
    ...size(),
    plugins,
    legend: { live: false },
    scales: { x: { time: false } },
    axes: [
      { ...axis, ...kind.axis },
      { ...axis, label, size: 70 },
    ],
    series: [{}, ...kind.series],
  };
  const values = kind.series.map((_, at) => chart.rows.map((row) => row[at + 1]));
  const plot = new uPlot(options, [chart.rows.map(x), ...values], container);
  addEventListener("resize", () => plot.setSize(size()));
}
