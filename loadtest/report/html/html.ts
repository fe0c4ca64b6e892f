import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LatencyHistogram } from "../../histogram.ts";
import { describeLoad, fourDigits, groupThousands, partsOf } from "../format.ts";
import type { Report, UnblockReport } from "../report.ts";
import { type ChartData, chartData } from "./chart-data.ts";

const percentages = [50, 75, 90, 95, 99];

/** A report as one self-contained page. Values of the report enter the page only as text. */
export function renderHtml(report: Report): string {
  const { unblock } = report;
  const title = report.name ?? report.options?.call ?? "Load test";
  const data = chartData(report);
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  const body = html`
    <header>
      <h1>${title}</h1>
      <p>${report.options?.call ?? "?"} at ${report.options?.host ?? "?"}: ${describeLoad(report)}. Ended ${report.date}.</p>
    </header>
    ${verdict(unblock)}
    ${keyFigures(report)}
    ${thresholds(unblock)}
    ${report.count === 0 ? html`` : charts(report, data)}
    ${statuses(report)}
    ${slowest(unblock)}
    ${environment(report)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} – load test</title>
<style>${asset("uplot/dist/uPlot.min.css")}
${own("page.css")}</style>
</head>
<body>
<main>${body.markup}</main>
<script type="application/json" id="data">${json}</script>
<script>${asset("uplot/dist/uPlot.iife.min.js")}</script>
<script>${own("page.js")}</script>
</body>
</html>
`;
}

function verdict(unblock: UnblockReport | undefined): Markup {
  if (!unblock?.verdict.client_limited) {
    return html``;
  }
  return html`<p class="warning" role="alert"><strong>Not trustworthy.</strong> The client, not the
    server, was the limit: ${unblock.verdict.reasons.join("; ")}.</p>`;
}

function keyFigures(report: Report): Markup {
  const { unblock, count, rps } = report;
  const ok = report.statusCodeDistribution?.OK ?? 0;
  const figures: [name: string, value: string][] = [
    ["calls", groupThousands(count)],
    ["per second", rps.toLocaleString("en-US", { maximumFractionDigits: 1 })],
    ["failed", groupThousands(count - ok)],
    ...percentages.map((p): [string, string] => [`p${p}`, percentile(report, p)]),
    ["max", time(report.slowest / 1e6)],
    ...(unblock && unblock.unfinished > 0
      ? [["without a response", String(unblock.unfinished)] satisfies [string, string]]
      : []),
  ];
  return html`<dl class="figures">${figures.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

function percentile({ unblock, latencyDistribution }: Report, percentage: number): string {
  if (unblock) {
    return time(LatencyHistogram.decode(unblock.histograms.latency).percentile(percentage));
  }
  const ghz = latencyDistribution?.find((one) => one.percentage === percentage);
  return ghz === undefined ? "–" : time(ghz.latency / 1e6);
}

function time(ms: number): string {
  return `${ms.toLocaleString("en-US", { maximumSignificantDigits: 4 })} ms`;
}

function thresholds(unblock: UnblockReport | undefined): Markup {
  if (!unblock || unblock.slo.length === 0) {
    return html``;
  }
  return html`<section><h2>Thresholds</h2><ul class="thresholds">${unblock.slo.map(
    ({ slo, measured, held }) => html`<li class="${held ? "held" : "missed"}">
      ${held ? "✓ held" : "✗ missed"}: <code>${slo}</code>, measured ${fourDigits(measured)}</li>`,
  )}</ul></section>`;
}

function charts({ unblock }: Report, { percentiles, overTime, histogram }: ChartData): Markup {
  const byPercentile = chart(
    "percentiles",
    "Latency by percentile",
    "At 99 %, the curve shows the latency that 99 % of the calls did not exceed.",
    table(["percentile", ...percentiles.series], percentiles.rows),
  );
  const byTime = chart(
    "latency",
    "Latency over time",
    "By the second in which calls ended. Shaded: the client was the limit.",
    table(
      ["s", "p50 ms", "p90 ms", "p99 ms", "max ms", "client was the limit"],
      overTime.map(([second, p50, p90, p99, max], at) => [
        second,
        ...[p50, p90, p99, max].map((ms) => ms ?? "–"),
        unblock?.intervals[at]?.client_limited.join("; ") ?? "",
      ]),
    ),
  );
  const throughput = chart(
    "throughput",
    "Calls and errors over time",
    "Calls that ended in each second, and failed ones.",
    table(
      ["s", "calls per second", "errors per second"],
      overTime.map(([second, , , , , calls, errors]) => [second, calls, errors]),
    ),
  );
  const byLatency = chart(
    "histogram",
    "Calls by latency",
    "Calls up to each mark and above the previous one.",
    table(["up to ms", "calls"], histogram),
  );
  return html`${byPercentile}${unblock ? [byTime, throughput] : []}${byLatency}`;
}

function chart(id: string, title: string, description: string, data: Markup): Markup {
  return html`<section><h2 id="${id}-title">${title}</h2><p>${description}</p>
    <div class="chart" id="${id}" role="img" aria-labelledby="${id}-title"></div>
    <details><summary>Data as a table</summary>${data}</details></section>`;
}

function statuses({ statusCodeDistribution, errorDistribution }: Report): Markup {
  const sorted = (counts: Readonly<Record<string, number>> | null) =>
    Object.entries(counts ?? {}).sort(([, a], [, b]) => b - a);
  const errors = sorted(errorDistribution);
  return html`<section><h2>How calls ended</h2>
    ${table(["status", "calls"], sorted(statusCodeDistribution))}
    ${errors.length === 0 ? html`` : table(["error", "calls"], errors)}</section>`;
}

function slowest(unblock: UnblockReport | undefined): Markup {
  if (!unblock || unblock.slowest.length === 0) {
    return html``;
  }
  const rows = unblock.slowest.map((call) => {
    const parts = partsOf(call);
    const text = parts.map(({ name, ms }) => `${name} ${ms.toFixed(1)}`).join(", ");
    const bar = html`<div class="bar" title="${text}">${parts.map(
      ({ ms }, at) =>
        html`<span class="part${at % 5}" style="flex-grow:${Math.max(0, ms).toFixed(3)}"></span>`,
    )}</div><small>${text}</small>`;
    return [
      call.n,
      (call.intended_ms / 1_000).toFixed(2),
      call.latency_ms.toFixed(1),
      bar,
      call.status,
      call.connection,
      call.ran_on ?? "",
    ];
  });
  return html`<section><h2>Slowest calls</h2><p>Where their time went, in ms.</p>
    <div class="scroll">${table(["call", "at s", "ms", "of which", "status", "connection", "ran on"], rows)}</div></section>`;
}

function environment({ unblock, details, count }: Report): Markup {
  const listed = details?.length ?? 0;
  const rows: [string, string][] = unblock
    ? [
        [
          "machine",
          `${unblock.environment.cores} × ${unblock.environment.cpu}, ${unblock.environment.os}`,
        ],
        ["Node", unblock.environment.node],
        ["client threads", String(unblock.load.threads)],
        [
          "deadline per call",
          unblock.load.timeout_ms === 0 ? "none" : `${unblock.load.timeout_ms} ms`,
        ],
        [
          "ran on",
          Object.entries(unblock.ran_on)
            .map(([name, calls]) => `${name} (${calls})`)
            .join(", ") || "not reported",
        ],
        ["listed calls", `${listed} of ${count}; percentiles cover every call`],
      ]
    : [["made by", `ghz; it lists ${listed} of ${count} calls`]];
  return html`<section><h2>Measurement</h2>${table(["", ""], rows)}</section>`;
}

function asset(specifier: string): string {
  return readFileSync(fileURLToPath(import.meta.resolve(specifier)), "utf8");
}

function own(name: string): string {
  return readFileSync(new URL(name, import.meta.url), "utf8");
}

/** HTML that is safe to insert into a page. */
export interface Markup {
  readonly markup: string;
}

type Value = string | number | Markup | readonly Markup[];

/** A template for HTML that escapes its values, except markup. */
function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return {
    markup: strings
      .map((text, at) => text + (at < values.length ? toMarkup(values[at] ?? "") : ""))
      .join(""),
  };
}

function table(header: readonly string[], rows: readonly (readonly Value[])[]): Markup {
  const head = header.some((name) => name !== "")
    ? html`<thead><tr>${header.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>`
    : html``;
  return html`<table>${head}<tbody>${rows.map(
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

function toMarkup(value: Value): string {
  if (typeof value === "string" || typeof value === "number") {
    return escapeHtml(String(value));
  }
  return "markup" in value ? value.markup : value.map(({ markup }) => markup).join("");
}
