import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LatencyHistogram } from "../../histogram.ts";
import {
  describeExecutors,
  describeLoad,
  fourDigits,
  groupThousands,
  partsOf,
  ranked,
} from "../format.ts";
import type { FullReport } from "../report.ts";
import { type Chart, chartsOf } from "./charts.ts";

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
${own("page.css")}</style>
</head>
<body>
<main>${body.markup}</main>
<script type="application/json" id="data">${JSON.stringify(charts).replaceAll("<", "\\u003c")}</script>
<script>${asset("uplot/dist/uPlot.iife.min.js")}</script>
<script>${own("page.js")}</script>
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

function asset(specifier: string): string {
  return readFileSync(fileURLToPath(import.meta.resolve(specifier)), "utf8");
}

function own(name: string): string {
  return readFileSync(new URL(name, import.meta.url), "utf8");
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
