import { styleText } from "node:util";
import { LatencyHistogram } from "../histogram.ts";
import { describeLoad, fourDigits, groupThousands, partsOf, threeDigits } from "./format.ts";
import type { Report, SlowCall, UnblockReport } from "./report.ts";

export interface TableOptions {
  readonly colour: boolean;
  readonly columns: number;
}

const percentages = [50, 75, 90, 95, 99, 99.9];
const maxErrors = 5;
const maxSlowest = 3;
const bars = "▁▂▃▄▅▆▇█";
const labelColumns = 13;

/** A report for a terminal. */
export function renderTable(report: Report, { colour, columns }: TableOptions): string {
  const style = (format: "bold" | "red" | "green" | "yellow", text: string) =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  const { unblock } = report;
  const statuses = Object.entries(report.statusCodeDistribution ?? {}).map(([status, calls]) => {
    const text = `${groupThousands(calls)} ${status}`;
    return status === "OK" ? text : style("red", text);
  });
  const rate = report.rps < 100 ? report.rps.toFixed(1) : groupThousands(Math.round(report.rps));
  const calls = `${groupThousands(report.count)} in ${duration(report.total)}, ${rate} per second`;
  const lines = [
    ...(report.name ? [style("bold", cut(report.name, columns))] : []),
    style("bold", cut(report.options?.call ?? "?", columns)),
    row("load", cut(describeLoad(report), columns - labelColumns)),
    row("calls", calls),
    row("status", statuses.join(", ") || "no call ended"),
    ...latencies(report),
  ];
  if (unblock) {
    lines.push(...sparkline(unblock, columns), ...executors(unblock), ...leftovers(unblock));
  }
  const errors = Object.entries(report.errorDistribution ?? {}).sort(([, a], [, b]) => b - a);
  errors.slice(0, maxErrors).forEach(([message, calls], index) => {
    const text = `${groupThousands(calls)} × ${message}`;
    lines.push(row(index === 0 ? "errors" : "", cut(text, columns - labelColumns)));
  });
  if (unblock) {
    unblock.slowest.slice(0, maxSlowest).forEach((call, index) => {
      lines.push(
        row(index === 0 ? "slowest" : "", cut(describeCall(call), columns - labelColumns)),
      );
    });
    for (const { slo, measured, held } of unblock.slo) {
      const text = `${held ? "✓" : "✗"} ${slo}  measured ${fourDigits(measured)}`;
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
    const ends = `fastest ${duration(fastest)}  slowest ${duration(slowest)}`;
    return [
      row("latency", ghz.slice(0, 4).join("  ")),
      row("", ghz.slice(4).join("  ")),
      row("", `mean ${duration(average)}  ${ends}`),
    ];
  }
  const { histograms, load } = unblock;
  const isOpen = load.loop.kind === "open";
  const isStream = load.kind === "server_streaming";
  const rows: [name: string, encoded: string | undefined][] = [
    ["latency", histograms.latency],
    ["service", isOpen ? histograms.service : undefined],
    ["sent late", isOpen ? histograms.lateness : undefined],
    ["1st msg", isStream ? histograms.first_message : undefined],
    ["msg gap", isStream ? histograms.message_gap : undefined],
  ];
  const cells = (texts: readonly string[]) => texts.map((text) => text.padStart(8)).join("");
  return [
    row("", cells([...percentages.map((percentage) => `p${percentage}`), "max"])),
    ...rows.flatMap(([name, encoded]) => {
      if (encoded === undefined) {
        return [];
      }
      const histogram = LatencyHistogram.decode(encoded);
      const values = percentages.map((percentage) => histogram.percentile(percentage));
      return [row(name, cells([...values, histogram.max].map(threeDigits)))];
    }),
    ...(isOpen ? [row("", "latency: from the intended moment; service: from the send")] : []),
  ];
}

/** The p99 over time. */
function sparkline({ intervals }: UnblockReport, columns: number): string[] {
  if (intervals.length < 3) {
    return [];
  }
  const width = Math.min(intervals.length, columns - 34);
  const perBar = intervals.length / width;
  const values = Array.from({ length: width }, (_, bar) => {
    const first = Math.floor(bar * perBar);
    const end = Math.max(first + 1, Math.floor((bar + 1) * perBar));
    // An interval in which no call ended has no latency.
    const p99s = intervals.slice(first, end).map(({ calls, p99_ms }) => (calls === 0 ? 0 : p99_ms));
    return Math.max(...p99s);
  });
  const max = Math.max(...values);
  const line = values.map((value) =>
    value === 0 ? "·" : bars[Math.min(bars.length - 1, Math.floor((value / max) * bars.length))],
  );
  return [row("over time", `${line.join("")}  p99, up to ${threeDigits(max)}`)];
}

function executors({ ran_on }: UnblockReport): string[] {
  const texts = Object.entries(ran_on).map(([name, calls]) => `${name} (${groupThousands(calls)})`);
  return texts.length === 0 ? [] : [row("ran on", texts.join(", "))];
}

function leftovers({ unfinished, held_back }: UnblockReport): string[] {
  const unfinishedText = "calls failed without a response; their latency is their age";
  const heldBackText = "calls were sent late: the maximum was in progress";
  return [
    ...(unfinished === 0
      ? []
      : [row("unfinished", `${groupThousands(unfinished)} ${unfinishedText}`)]),
    ...(held_back === 0 ? [] : [row("held back", `${groupThousands(held_back)} ${heldBackText}`)]),
  ];
}

function describeCall(call: SlowCall): string {
  const parts = partsOf(call).map(({ name, ms }) => `${name} ${threeDigits(ms)}`);
  const failed = call.status === "OK" ? "" : ` ${call.status}`;
  return `${threeDigits(call.latency_ms)} ms: ${parts.join(", ")}${failed}  (call ${call.n})`;
}

function verdict(
  { verdict: { client_limited, reasons }, intervals }: UnblockReport,
  emphasize: (text: string) => string,
): string[] {
  const limited = intervals.filter((one) => one.client_limited.length > 0).length;
  const affected = `${limited} of ${intervals.length} intervals`;
  if (client_limited) {
    return [
      emphasize(
        `NOT TRUSTWORTHY: the client, not the server, was the limit: ${reasons.join("; ")}.`,
      ),
      `  ${affected} are affected. More --threads or a quieter machine may help.`,
    ];
  }
  return limited === 0 ? [] : [row("note", `the client was the limit in ${affected}`)];
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(10)} ${text}`.trimEnd();
}

/** One line of at most this width, without control characters. */
function cut(raw: string, width: number): string {
  const text = raw.replace(/\s*\p{Cc}[\p{Cc}\s]*/gu, " ");
  return text.length > width ? `${text.slice(0, Math.max(1, width - 1))}…` : text;
}

function duration(ns: number): string {
  return ns >= 1e9 ? `${(ns / 1e9).toFixed(ns < 1e10 ? 2 : 1)} s` : `${threeDigits(ns / 1e6)} ms`;
}
