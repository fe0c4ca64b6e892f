import { readFileSync } from "node:fs";
import { LatencyHistogram } from "../../histogram.ts";
import { latencyBuckets } from "../build.ts";
import {
  describeExecutors,
  describeLoad,
  fourDigits,
  groupThousands,
  partsOf,
  ranked,
} from "../format.ts";
import type { FullReport } from "../report.ts";

const percentages = [50, 75, 90, 95, 99];

/** A report as one self-contained page. Values of the report enter the page only as text. */
export function renderHtml(report: FullReport): string {
  const { name, options, date, count } = report;
  const title = name ?? options?.call ?? "Load test";
  const charts = count === 0 ? [] : chartsOf(report).filter(({ rows }) => rows.length > 0);
  const body = html`
    <header>
      <h1>${title}</h1>
      <p>${options?.call ?? "?"} at ${options?.host ?? "?"}: ${describeLoad(report)}. Ended ${date}.</p>
    </header>
    ${verdict(report)}
    ${keyFigures(report)}
    ${thresholds(report)}
    ${charts.map(chart)}
    ${statuses(report)}
    ${slowest(report)}
    ${environment(report)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} – load test</title>
<style>${asset("uplot/dist/uPlot.min.css")}
${asset("./page.css")}</style>
</head>
<body>
<main>${body.markup}</main>
<script type="application/json" id="data">${JSON.stringify(charts).replaceAll("<", "\\u003c")}</script>
<script>${asset("uplot/dist/uPlot.iife.min.js")}</script>
<script>${asset("./page.js")}</script>
</body>
</html>
`;
}

function verdict({ unblock: { verdict } }: FullReport): Markup {
  return verdict.client_limited
    ? html`<p class="warning" role="alert"><strong>Not trustworthy.</strong> The client, not the
        server, was the limit: ${verdict.reasons.join("; ")}.</p>`
    : html``;
}

function keyFigures({ unblock, count, rps, statusCodeDistribution }: FullReport): Markup {
  const latency = LatencyHistogram.decode(unblock.histograms.latency);
  const time = (percentage: number) =>
    `${latency.percentile(percentage).toLocaleString("en-US", { maximumSignificantDigits: 4 })} ms`;
  const figures = {
    calls: groupThousands(count),
    "per second": rps.toLocaleString("en-US", { maximumFractionDigits: 1 }),
    failed: groupThousands(count - (statusCodeDistribution?.OK ?? 0)),
    ...Object.fromEntries(percentages.map((one) => [`p${one}`, time(one)])),
    max: time(100),
    ...(unblock.unfinished > 0 ? { "without a response": String(unblock.unfinished) } : {}),
  };
  return html`<dl class="figures">${Object.entries(figures).map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

function thresholds({ unblock: { slo } }: FullReport): Markup {
  const items = slo.map(
    ({ slo, measured, held }) => html`<li class="${held ? "held" : "missed"}">
      ${held ? "✓ held" : "✗ missed"}: <code>${slo}</code>, measured ${fourDigits(measured)}</li>`,
  );
  return slo.length === 0
    ? html``
    : html`<section><h2>Thresholds</h2><ul class="thresholds">${items}</ul></section>`;
}

function chart({ id, title, description, columns, rows }: Chart): Markup {
  const cells = rows.map((row) => row.map((value) => value ?? "–"));
  return html`<section><h2 id="${id}-title">${title}</h2><p>${description}</p>
    <div class="chart" id="${id}" role="img" aria-labelledby="${id}-title"></div>
    <details><summary>Data as a table</summary>${table(columns, cells)}</details></section>`;
}

function statuses({ statusCodeDistribution, errorDistribution }: FullReport): Markup {
  const errors = ranked(errorDistribution);
  return html`<section><h2>How calls ended</h2>
    ${table(["status", "calls"], ranked(statusCodeDistribution))}
    ${errors.length === 0 ? html`` : table(["error", "calls"], errors)}</section>`;
}

function slowest({ unblock }: FullReport): Markup {
  if (unblock.slowest.length === 0) {
    return html``;
  }
  const rows = unblock.slowest.map((call) => {
    const parts = partsOf(call);
    const text = parts.map(({ name, ms }) => `${name} ${ms.toFixed(1)}`).join(", ");
    const bar = html`<div class="bar" title="${text}">${parts.map(
      ({ ms }, at) => html`<span class="part${at % 5}" style="flex-grow:${ms.toFixed(3)}"></span>`,
    )}</div><small>${text}</small>`;
    const { n, intended_ms, latency_ms, status, connection, ran_on = "" } = call;
    const [seconds, latency] = [(intended_ms / 1_000).toFixed(2), latency_ms.toFixed(1)];
    return [n, seconds, latency, bar, status, connection, ran_on];
  });
  return html`<section><h2>Slowest calls</h2><p>Where their time went, in ms.</p>
    <div class="scroll">${table(["call", "at s", "ms", "of which", "status", "connection", "ran on"], rows)}</div></section>`;
}

function environment(report: FullReport): Markup {
  const { unblock, details, count } = report;
  const { environment, load } = unblock;
  const listed = details?.length ?? 0;
  const rows: Record<string, string> =
    environment && load
      ? {
          machine: `${environment.cores} × ${environment.cpu}, ${environment.os}`,
          Node: environment.node,
          "client threads": String(load.threads),
          "deadline per call": load.timeout_ms === 0 ? "none" : `${load.timeout_ms} ms`,
          "ran on": describeExecutors(report) || "not reported",
          "listed calls": `${listed} of ${count}; percentiles cover every call`,
        }
      : { "made by": `ghz; it lists ${listed} of ${count} calls` };
  return html`<section><h2>Measurement</h2>${table([], Object.entries(rows))}</section>`;
}

/** A chart of the page and the table below it, which page.js draws from. Times are in milliseconds. */
export interface Chart {
  readonly id: "percentiles" | "latency" | "throughput" | "histogram";
  readonly title: string;
  readonly description: string;
  readonly columns: readonly string[];
  /** null for no value. */
  readonly rows: readonly (readonly (string | number | null)[])[];
}

const allPercentages = [0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.999];

export function chartsOf({ count, unblock: { histograms, intervals, load } }: FullReport): Chart[] {
  const latency = LatencyHistogram.decode(histograms.latency);
  const service = load?.loop.kind === "open" ? [LatencyHistogram.decode(histograms.service)] : [];
  // A percentile of less than one call has no meaning.
  const percentages = allPercentages.filter((percentage) => (100 - percentage) * count >= 99.999);
  return [
    {
      id: "percentiles",
      title: "Latency by percentile",
      description: "At 99 %, the curve shows the latency that 99 % of the calls did not exceed.",
      columns: ["percentile", "latency ms", ...service.map(() => "service ms")],
      rows: percentages.map((percentage) => [
        `${percentage} %`,
        ...[latency, ...service].map((one) => fourDigits(one.percentile(percentage))),
      ]),
    },
    {
      id: "latency",
      title: "Latency over time",
      description: "By the second in which calls ended. Shaded: the client was the limit.",
      columns: ["s", "p50 ms", "p90 ms", "p99 ms", "max ms", "client was the limit"],
      rows: intervals.map(({ end_ms, calls, p50_ms, p90_ms, p99_ms, max_ms, client_limited }) => [
        fourDigits(end_ms / 1_000),
        // A second in which no call ended has no latency.
        ...[p50_ms, p90_ms, p99_ms, max_ms].map((ms) => (calls === 0 ? null : fourDigits(ms))),
        client_limited.join("; "),
      ]),
    },
    {
      id: "throughput",
      title: "Calls and errors over time",
      description: "Calls that ended in each second, and failed ones.",
      columns: ["s", "calls per second", "errors per second"],
      rows: intervals.map(({ start_ms, end_ms, calls, errors }) => {
        const seconds = Math.max(0.001, (end_ms - start_ms) / 1_000);
        return [end_ms / 1_000, calls / seconds, errors / seconds].map(fourDigits);
      }),
    },
    {
      id: "histogram",
      title: "Calls by latency",
      description: "Calls up to each mark and above the previous one.",
      columns: ["up to ms", "calls"],
      rows: callsByLatency(latency),
    },
  ];
}

/** At marks of a tenth of a power of ten; at ghz's eleven marks if latencies differ little. */
function callsByLatency(latency: LatencyHistogram): number[][] {
  if (latency.max < 2 * latency.min) {
    return latencyBuckets(latency).map(({ mark, count }) => [fourDigits(mark * 1_000), count]);
  }
  const marks = new Map<number, number>();
  for (const { ms, count } of latency.buckets()) {
    const step = Math.ceil(Math.log10(ms) * 10);
    marks.set(step, (marks.get(step) ?? 0) + count);
  }
  const steps = [...marks.keys()];
  const first = Math.min(...steps);
  return Array.from({ length: Math.max(...steps) - first + 1 }, (_, at) => [
    fourDigits(10 ** ((first + at) / 10)),
    marks.get(first + at) ?? 0,
  ]);
}

function asset(specifier: string): string {
  return readFileSync(new URL(import.meta.resolve(specifier)), "utf8");
}

interface Markup {
  readonly markup: string;
}

type Value = string | number | Markup | readonly Markup[];

/** A template for HTML that escapes its values, except markup. */
function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return { markup: String.raw({ raw: strings }, ...values.map(toMarkup)) };
}

function toMarkup(value: Value): string {
  if (typeof value === "string" || typeof value === "number") {
    return escapeHtml(String(value));
  }
  return "markup" in value ? value.markup : value.map(({ markup }) => markup).join("");
}

function table(header: readonly string[], rows: readonly (readonly Value[])[]): Markup {
  const head = html`<thead><tr>${header.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>`;
  return html`<table>${header.length > 0 ? head : html``}<tbody>${rows.map(
    (cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  )}</tbody></table>`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
