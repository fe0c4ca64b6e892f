import type { Paint } from "@unblock/terminal/text";
import { LatencyHistogram } from "../histogram.ts";
import {
  describeExecutors,
  describeLoad,
  fourDigits,
  groupThousands,
  partsOf,
  ranked,
  threeDigits,
} from "./format.ts";
import type { FullReport, SlowCall, UnblockReport } from "./report.ts";

const percentages = [50, 75, 90, 95, 99, 99.9];
const maxErrors = 5;
const maxSlowest = 3;
const bars = "▁▂▃▄▅▆▇█";
const labelColumns = 13;

export function renderTable(report: FullReport, paint: Paint, columns: number): string {
  const { unblock, options, name, rps } = report;
  const cell = (text: string) => cut(text, columns - labelColumns);
  const rate = rps < 100 ? rps.toFixed(1) : groupThousands(Math.round(rps));
  const statuses = Object.entries(report.statusCodeDistribution ?? {}).map(([status, calls]) => {
    const text = `${groupThousands(calls)} ${status}`;
    return status === "OK" ? text : paint("red", text);
  });
  const lines = [
    ...(name ? [paint("bold", cut(name, columns))] : []),
    paint("bold", cut(options?.call ?? "?", columns)),
    row("load", cell(describeLoad(report))),
    row(
      "calls",
      `${groupThousands(report.count)} in ${duration(report.total)}, ${rate} per second`,
    ),
    row("status", statuses.join(", ") || "no call ended"),
    ...latencies(unblock),
    ...sparkline(unblock, columns),
    ...rows("ran on", [describeExecutors(report)]),
    ...leftovers(unblock),
    ...rows(
      "errors",
      ranked(report.errorDistribution)
        .slice(0, maxErrors)
        .map(([message, calls]) => cell(`${groupThousands(calls)} × ${message}`)),
    ),
    ...rows(
      "slowest",
      unblock.slowest.slice(0, maxSlowest).map((call) => cell(describeCall(call))),
    ),
    ...unblock.slo.map(({ slo, measured, held }) => {
      const text = `${held ? "✓" : "✗"} ${slo}  measured ${fourDigits(measured)}`;
      return row("threshold", paint(held ? "green" : "red", text));
    }),
    ...verdict(unblock, (text) => paint("yellow", text)),
  ];
  return `${lines.join("\n")}\n`;
}

function latencies({ histograms, load }: UnblockReport): string[] {
  const isOpen = load?.loop.kind === "open";
  const named: [name: string, encoded: string | undefined][] = [
    ["latency", histograms.latency],
    ["service", isOpen ? histograms.service : undefined],
    ["sent late", histograms.lateness],
    ["1st msg", histograms.first_message],
    ["msg gap", histograms.message_gap],
  ];
  const cells = (texts: readonly string[]) => texts.map((text) => text.padStart(8)).join("");
  return [
    row("", cells([...percentages.map((percentage) => `p${percentage}`), "max"])),
    ...named.flatMap(([name, encoded]) => {
      if (encoded === undefined) {
        return [];
      }
      const histogram = LatencyHistogram.decode(encoded);
      const values = [...percentages, 100].map((percentage) => histogram.percentile(percentage));
      return [row(name, cells(values.map(threeDigits)))];
    }),
    ...rows("", isOpen ? ["latency: from the intended moment; service: from the send"] : []),
  ];
}

function sparkline({ intervals }: UnblockReport, columns: number): string[] {
  if (intervals.length < 3) {
    return [];
  }
  const width = Math.min(intervals.length, columns - 34);
  const perBar = intervals.length / width;
  const values = Array.from({ length: width }, (_, bar) => {
    const first = Math.floor(bar * perBar);
    const end = Math.max(first + 1, Math.floor((bar + 1) * perBar));
    return Math.max(...intervals.slice(first, end).map(({ p99_ms }) => p99_ms));
  });
  const max = Math.max(...values);
  // A second in which no call ended has no latency.
  const line = values.map((value) =>
    value === 0 ? "·" : bars[Math.min(bars.length - 1, Math.floor((value / max) * bars.length))],
  );
  return [row("over time", `${line.join("")}  p99, up to ${threeDigits(max)}`)];
}

function leftovers({ unfinished, held_back }: UnblockReport): string[] {
  const counted = (count: number, text: string) =>
    count === 0 ? [] : [`${groupThousands(count)} calls ${text}`];
  return [
    ...rows(
      "unfinished",
      counted(unfinished, "failed without a response; their latency is their age"),
    ),
    ...rows("held back", counted(held_back, "were sent late: the maximum was in progress")),
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
  return rows("note", limited === 0 ? [] : [`the client was the limit in ${affected}`]);
}

/** One row per text that is not empty; the first has the label. */
function rows(label: string, texts: readonly string[]): string[] {
  return texts.filter((text) => text !== "").map((text, at) => row(at === 0 ? label : "", text));
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
