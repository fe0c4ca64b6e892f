import { styleText } from "node:util";
import { LatencyHistogram } from "../histogram.ts";
import { describeLoad } from "./format.ts";
import type { Report, SlowCall, UnblockReport } from "./report.ts";

export interface TableOptions {
  readonly colour: boolean;
  readonly columns: number;
}

const percentages = [50, 75, 90, 95, 99, 99.9];
const mostErrors = 5;
const slowestShown = 3;
const bars = "▁▂▃▄▅▆▇█";

/** A report for people, in 80 columns or what the terminal has. */
export function renderTable(report: Report, { colour, columns }: TableOptions): string {
  const style = (format: "bold" | "red" | "green" | "yellow" | "dim", text: string) =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  const { unblock } = report;
  const statuses = Object.entries(report.statusCodeDistribution ?? {});
  const lines = [
    ...(report.name ? [style("bold", cut(report.name, columns))] : []),
    style("bold", cut(report.options?.call ?? "?", columns)),
    row("load", cut(describeLoad(report), columns - 13)),
    row(
      "calls",
      `${count(report.count)} in ${duration(report.total)}, ${rate(report.rps)} a second`,
    ),
    row(
      "status",
      statuses
        .map(([status, calls]) => {
          const text = `${count(calls)} ${status}`;
          return status === "OK" ? text : style("red", text);
        })
        .join(", ") || "no call ended",
    ),
    ...latencies(report),
  ];
  if (unblock) {
    lines.push(...sparkline(unblock, columns), ...places(unblock), ...leftovers(unblock));
  }
  const errors = Object.entries(report.errorDistribution ?? {}).sort(([, a], [, b]) => b - a);
  errors.slice(0, mostErrors).forEach(([message, calls], at) => {
    lines.push(row(at === 0 ? "errors" : "", cut(`${count(calls)} × ${message}`, columns - 13)));
  });
  if (unblock) {
    lines.push(...slowest(unblock, columns));
    for (const { slo, measured, held } of unblock.slo) {
      const text = `${held ? "✓" : "✗"} ${slo}  measured ${Number(measured.toPrecision(4))}`;
      lines.push(row("threshold", style(held ? "green" : "red", text)));
    }
    lines.push(...verdict(unblock, (text) => style("yellow", text)));
  }
  return `${lines.join("\n")}\n`;
}

function latencies({ latencyDistribution, fastest, slowest, average, unblock }: Report): string[] {
  if (!unblock) {
    const ghz = (latencyDistribution ?? []).map(
      ({ percentage, latency }) => `p${percentage} ${duration(latency)}`,
    );
    return [
      row("latency", ghz.slice(0, 4).join("  ")),
      row("", ghz.slice(4).join("  ")),
      row(
        "",
        `mean ${duration(average)}  fastest ${duration(fastest)}  slowest ${duration(slowest)}`,
      ),
    ];
  }
  const { histograms, load } = unblock;
  const columns: [name: string, encoded: string | undefined][] = [
    ["latency", histograms.latency],
    ...(load.loop.kind === "open"
      ? ([
          ["service", histograms.service],
          ["sent late", histograms.lateness],
        ] satisfies [string, string | undefined][])
      : []),
    ...(load.kind === "server_streaming"
      ? ([
          ["1st msg", histograms.first_message],
          ["msg gap", histograms.message_gap],
        ] satisfies [string, string | undefined][])
      : []),
  ];
  const cells = (name: string, histogram: LatencyHistogram) =>
    row(
      name,
      [...percentages.map((p) => histogram.percentile(p)), histogram.max]
        .map((ms) => time(ms).padStart(8))
        .join(""),
    );
  const header = [...percentages.map((p) => `p${p}`), "max"].map((p) => p.padStart(8)).join("");
  return [
    row("", header),
    ...columns.flatMap(([name, encoded]) =>
      encoded === undefined ? [] : [cells(name, LatencyHistogram.decode(encoded))],
    ),
    ...(load.loop.kind === "open"
      ? [row("", "latency: from the intended moment; service: from the send")]
      : []),
  ];
}

/** The p99 of each part of the run, so that a stall is seen. */
function sparkline({ intervals }: UnblockReport, columns: number): string[] {
  if (intervals.length < 3) {
    return [];
  }
  const width = Math.min(intervals.length, columns - 34);
  const perBar = intervals.length / width;
  const values = Array.from({ length: width }, (_, at) =>
    Math.max(
      ...intervals
        .slice(
          Math.floor(at * perBar),
          Math.max(Math.floor(at * perBar) + 1, Math.floor((at + 1) * perBar)),
        )
        // A second in which no call ended was not a fast one.
        .map(({ calls, p99_ms }) => (calls === 0 ? 0 : p99_ms)),
    ),
  );
  const most = Math.max(...values);
  const line = values
    .map((value) =>
      value === 0 ? "·" : bars[Math.min(bars.length - 1, Math.floor((value / most) * bars.length))],
    )
    .join("");
  return [row("over time", `${line}  p99, up to ${time(most)}`)];
}

function places({ ran_on }: UnblockReport): string[] {
  const text = Object.entries(ran_on).map(([place, calls]) => `${place} (${count(calls)})`);
  return text.length === 0 ? [] : [row("ran on", text.join(", "))];
}

function leftovers({ unfinished, held_back }: UnblockReport): string[] {
  return [
    ...(unfinished === 0
      ? []
      : [
          row(
            "unfinished",
            `${count(unfinished)} calls had no response at the end: failed, at their age`,
          ),
        ]),
    ...(held_back === 0
      ? []
      : [row("held back", `${count(held_back)} calls waited here: too many were in progress`)]),
  ];
}

function slowest({ slowest: calls }: UnblockReport, columns: number): string[] {
  return calls
    .slice(0, slowestShown)
    .map((call, at) => row(at === 0 ? "slowest" : "", cut(describeCall(call), columns - 13)));
}

/** Where a slow call's time went. */
function describeCall(call: SlowCall): string {
  const waited = call.written_ms - call.intended_ms;
  const steps = call.steps.map(({ name, ms }) => `${name} ${time(ms)}`);
  const known = call.steps.reduce((sum, { ms }) => sum + ms, 0);
  const rest = Math.max(0, call.ended_ms - call.written_ms - known);
  const parts = [
    `client ${time(waited)}`,
    ...steps,
    `${steps.length > 0 ? "rest" : "server"} ${time(rest)}`,
  ];
  const failed = call.status === "OK" ? "" : ` ${call.status}`;
  return `${time(call.latency_ms)} ms: ${parts.join(", ")}${failed}  (call ${call.n})`;
}

function verdict(
  { verdict: { client_limited, reasons }, intervals }: UnblockReport,
  emphasize: (text: string) => string,
): string[] {
  const limited = intervals.filter((one) => one.client_limited.length > 0).length;
  if (client_limited) {
    return [
      emphasize(
        `NOT TRUSTWORTHY: this client, not the server, was the limit: ${reasons.join("; ")}.`,
      ),
      `  ${limited} of ${intervals.length} intervals are affected. More --threads or a quieter machine may help.`,
    ];
  }
  return limited === 0
    ? []
    : [row("note", `in ${limited} of ${intervals.length} intervals this client was the limit`)];
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(10)} ${text}`.trimEnd();
}

/** One line of at most this width, without what would do something to a terminal. */
function cut(raw: string, width: number): string {
  const text = raw.replace(/\s*\p{Cc}[\p{Cc}\s]*/gu, " ");
  return text.length > width ? `${text.slice(0, Math.max(1, width - 1))}…` : text;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function rate(value: number): string {
  return value < 100 ? value.toFixed(1) : count(Math.round(value));
}

/** @param ns nanoseconds */
function duration(ns: number): string {
  return ns >= 1e9 ? `${(ns / 1e9).toFixed(ns < 1e10 ? 2 : 1)} s` : `${time(ns / 1e6)} ms`;
}

/** Milliseconds with three digits. */
function time(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2);
}
