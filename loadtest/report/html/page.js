// Draws the charts of a report. Runs in the page, where uPlot is a global.
const data = JSON.parse(document.getElementById("data").textContent);
const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(name).trim();
const text = colour("--text");
const grid = { stroke: colour("--line"), width: 1 };
const axis = { stroke: text, grid, ticks: grid };
const series = (label, name, more) => ({
  label,
  stroke: colour(name),
  width: 2,
  points: { show: false },
  ...more,
});
const charts = [];

function draw(id, options, columns) {
  const container = document.getElementById(id);
  if (container === null || columns[0].length === 0) {
    return;
  }
  const width = () => Math.max(280, container.clientWidth);
  const chart = new uPlot(
    { width: width(), height: 280, legend: { live: false }, ...options },
    columns,
    container,
  );
  charts.push(() => chart.setSize({ width: width(), height: 280 }));
}

const { percentiles, overTime, histogram } = data;
const names = new Map([
  [0, "0 %"],
  [1, "90 %"],
  [2, "99 %"],
  [3, "99.9 %"],
  [4, "99.99 %"],
  [5, "99.999 %"],
]);
draw(
  "percentiles",
  {
    scales: { x: { time: false } },
    axes: [
      {
        ...axis,
        splits: () => [...names.keys()].filter((nine) => nine <= Math.max(...percentiles.nines)),
        values: (_, splits) => splits.map((nine) => names.get(nine)),
      },
      { ...axis, label: "ms", size: 60 },
    ],
    series: [
      {},
      ...percentiles.series.map((label, at) =>
        series(label, at === 0 ? "--first" : "--second", at === 0 ? {} : { dash: [6, 4] }),
      ),
    ],
  },
  [
    percentiles.nines,
    ...percentiles.series.map((_, at) => percentiles.rows.map((row) => row[at + 1])),
  ],
);

const column = (at) => overTime.map((row) => row[at]);
const shade = {
  hooks: {
    drawClear: [
      (chart) => {
        chart.ctx.fillStyle = colour("--shade");
        overTime.forEach((row, at) => {
          if (row[7] === 1) {
            const begin = at === 0 ? row[0] : overTime[at - 1][0];
            const from = Math.max(chart.bbox.left, chart.valToPos(begin, "x", true));
            const to = chart.valToPos(row[0], "x", true);
            chart.ctx.fillRect(from, chart.bbox.top, to - from, chart.bbox.height);
          }
        });
      },
    ],
  },
};
const seconds = { ...axis, values: (_, splits) => splits.map((value) => `${value} s`) };
draw(
  "latency",
  {
    plugins: [shade],
    scales: { x: { time: false } },
    axes: [seconds, { ...axis, label: "ms", size: 60 }],
    series: [
      {},
      series("p50", "--first"),
      series("p90", "--second", { dash: [8, 3] }),
      series("p99", "--third", { dash: [3, 3] }),
      series("max", "--fourth", { width: 1 }),
    ],
  },
  [column(0), column(1), column(2), column(3), column(4)],
);
draw(
  "throughput",
  {
    scales: { x: { time: false } },
    axes: [seconds, { ...axis, label: "per second", size: 60 }],
    series: [{}, series("calls", "--first"), series("errors", "--third", { dash: [3, 3] })],
  },
  [column(0), column(5), column(6)],
);
draw(
  "histogram",
  {
    scales: { x: { time: false } },
    axes: [
      {
        ...axis,
        splits: () => histogram.map((_, at) => at),
        values: (_, splits) =>
          splits.map((at) =>
            at % Math.ceil(histogram.length / 8) === 0 ? histogram[at]?.[0] : "",
          ),
        label: "ms",
      },
      { ...axis, label: "calls", size: 70 },
    ],
    series: [
      {},
      series("calls", "--first", {
        fill: colour("--first"),
        paths: uPlot.paths.bars({ size: [0.8] }),
      }),
    ],
  },
  [histogram.map((_, at) => at), histogram.map(([, calls]) => calls)],
);
addEventListener("resize", () => {
  for (const resize of charts) {
    resize();
  }
});
